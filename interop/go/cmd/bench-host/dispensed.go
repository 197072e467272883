package main

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// dispensed is the plugin, over either protocol. An answer that is shorter or
// longer than it should be is an error.
type dispensed interface {
	// echo may be called many times at once.
	echo(payload []byte) error
	// lend serves a bell under a new broker id, and has the plugin dial it and
	// ring so often.
	lend(rings int) error
	up(bytes int) error
	down(bytes int) error
	items(count int) error
	// print has the plugin write so much to its stdout.
	print(bytes int) error
}

// unary echoes so many times, with so many calls open at once, and returns the
// first error.
func unary(plugin dispensed, payload []byte, atOnce, calls int) error {
	if atOnce == 0 {
		return errors.New("no call can be open")
	}
	var begun atomic.Int64
	results := make(chan error, atOnce)
	for range atOnce {
		go func() {
			for begun.Add(1) <= int64(calls) {
				if err := plugin.echo(payload); err != nil {
					results <- err
					return
				}
			}
			results <- nil
		}()
	}
	var first error
	for range atOnce {
		if err := <-results; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// dial lends a bell so many times, for one ring each.
func dial(plugin dispensed, count int) error {
	for range count {
		if err := plugin.lend(1); err != nil {
			return err
		}
	}
	return nil
}

// expect compares what has come with what should have.
func expect(what string, want, got int) error {
	if got != want {
		return fmt.Errorf("%s: %d bytes of %d", what, got, want)
	}
	return nil
}
