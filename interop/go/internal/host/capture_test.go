package host

import (
	"bytes"
	"testing"
)

func TestAWaitEndsWhenTheLastByteArrives(t *testing.T) {
	capture := NewCapture()
	go func() {
		for range 3 {
			_, _ = capture.Write([]byte("abc"))
		}
	}()
	content, err := capture.Wait(9)
	if err != nil {
		t.Fatal(err)
	}
	if string(content) != "abcabcabc" {
		t.Errorf("got %q", content)
	}
}

func TestContentAlreadyTakenIsNotChangedByLaterWrites(t *testing.T) {
	capture := NewCapture()
	_, _ = capture.Write([]byte("abc"))
	taken := capture.Content()
	_, _ = capture.Write([]byte("def"))
	if string(taken) != "abc" {
		t.Errorf("got %q", taken)
	}
}

func TestAPluginCannotMakeTheHostKeepWithoutBound(t *testing.T) {
	capture := NewCapture()
	if _, err := capture.Write(bytes.Repeat([]byte("x"), maxCapturedBytes)); err != nil {
		t.Fatal(err)
	}
	if _, err := capture.Write([]byte("x")); err == nil {
		t.Error("one byte more was kept")
	}
}
