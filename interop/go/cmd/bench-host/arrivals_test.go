package main

import "testing"

func TestArrivalsAreCompleteWithTheLastByte(t *testing.T) {
	var stdout arrivals
	for _, total := range []int{0, 3, 5} {
		done := stdout.after(total)
		for sent := range total {
			if isClosed(done) {
				t.Errorf("complete after %d of %d bytes", sent, total)
			}
			_, _ = stdout.Write([]byte{'x'})
		}
		if !isClosed(done) {
			t.Errorf("incomplete after all of %d bytes", total)
		}
	}
}

func TestArrivalsThatNobodyWaitsForAreForgotten(t *testing.T) {
	var stdout arrivals
	_, _ = stdout.Write([]byte("early"))
	if isClosed(stdout.after(5)) {
		t.Error("complete with what was there before")
	}
}

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
