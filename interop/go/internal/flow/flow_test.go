package flow

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"pintle.dev/interop/internal/flowpb"
	"pintle.dev/interop/internal/lend"
)

// receive takes apart what came as those bytes.
func receive(arrived string) ([]string, error) {
	receiver := NewReceiver(lend.StreamOf([]byte(arrived)))
	var items []string
	for {
		item, err := receiver.Next()
		if err != nil {
			return items, err
		}
		items = append(items, string(item))
	}
}

func TestAFlowEndsWellOnlyWhereAnEndWasTold(t *testing.T) {
	items, err := receive("\x07\x0a\x05hello\x02\x0a\x00\x02\x1a\x00")
	if err != io.EOF || len(items) != 2 || items[0] != "hello" || items[1] != "" {
		t.Errorf("got %q and %v", items, err)
	}
	for _, broken := range []string{"", "\x07\x0a\x05hello", "\x07\x0a\x05he"} {
		if _, err := receive(broken); err == nil || err == io.EOF {
			t.Errorf("%q ended with %v", broken, err)
		}
	}
}

func TestAFailureHasItsKindAndText(t *testing.T) {
	_, err := receive("\x08\x12\x06\x08\x01\x12\x02no")
	var failure *Failure
	if !errors.As(err, &failure) || failure.Kind != flowpb.Kind_NOT_FOUND || failure.Text != "no" {
		t.Errorf("got %v", err)
	}
}

func TestAFrameOfANewerPeerIsPassedOver(t *testing.T) {
	items, err := receive("\x02\x20\x07\x03\x0a\x01x\x02\x1a\x00")
	if err != io.EOF || len(items) != 1 || items[0] != "x" {
		t.Errorf("got %q and %v", items, err)
	}
}

func TestAValueIsFieldOneOfItsItem(t *testing.T) {
	given := false
	source := &values[*wrapperspb.StringValue]{next: func() (*wrapperspb.StringValue, error) {
		if given {
			return nil, io.EOF
		}
		given = true
		return wrapperspb.String("a"), nil
	}}
	item, err := source.Next()
	if err != nil || !bytes.Equal(item, []byte("\x0a\x03\x0a\x01a")) {
		t.Fatalf("got %q and %v", item, err)
	}
	var value wrapperspb.StringValue
	// A field of a newer peer stands before it.
	if err := unmarshalItem(append([]byte("\x10\x01"), item...), &value); err != nil || value.GetValue() != "a" {
		t.Errorf("got %v and %v", &value, err)
	}
}
