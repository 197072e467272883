package main

import "sync"

// arrivals counts what is written to it, in place of a plugin's stdout.
type arrivals struct {
	mu sync.Mutex
	// missing is how much is still to come, until done is closed.
	missing int
	done    chan struct{}
}

// after returns what is closed once so much more has arrived. It is not to be
// called again before that.
func (a *arrivals) after(bytes int) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	done := make(chan struct{})
	a.missing, a.done = bytes, done
	a.settle()
	return done
}

// Write implements io.Writer.
func (a *arrivals) Write(from []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.missing -= len(from)
	a.settle()
	return len(from), nil
}

func (a *arrivals) settle() {
	if a.missing <= 0 && a.done != nil {
		close(a.done)
		a.done = nil
	}
}
