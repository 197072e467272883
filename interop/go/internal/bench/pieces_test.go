package bench

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

func TestPiecesAddUpToTheTotal(t *testing.T) {
	for _, test := range []struct {
		total int
		want  []int
	}{
		{0, nil},
		{3, []int{3}},
		{4, []int{4}},
		{9, []int{4, 4, 1}},
	} {
		var got []int
		if err := InPieces(test.total, 4, func(piece []byte) error {
			got = append(got, len(piece))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%d bytes by 4: %v, want %v", test.total, got, test.want)
		}
	}
}

func TestPiecesEndWithTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	err := InPieces(9, 4, func([]byte) error { calls++; return broken })
	if !errors.Is(err, broken) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestWhatIsSentIsReceived(t *testing.T) {
	var connection bytes.Buffer
	total := 2*connectionBytes + 1
	if err := Send(&connection, total); err != nil {
		t.Fatal(err)
	}
	if got, err := Receive(&connection); got != total || err != nil {
		t.Errorf("received %d of %d bytes: %v", got, total, err)
	}
}
