package main

import (
	"bytes"
	"context"
	"fmt"

	"pintle.dev/interop/internal/host"
	"pintle.dev/interop/internal/kvpb"
)

// floodBytes is more than a pipe holds, so the plugin gets through it only
// while somebody reads.
const floodBytes = 100 << 10

// stdioPart is one of the two outputs, with what is sent through it.
type stdioPart struct {
	name    string
	line    string
	letter  []byte
	capture *host.Capture
}

// tellStdio sends one line and then a flood through each output.
func tellStdio(ctx context.Context, session *host.Session, kv kvpb.KVClient) error {
	parts := []stdioPart{
		{"stdout", "out line\n", []byte("o"), session.Stdout},
		{"stderr", "err line\n", []byte("e"), session.Stderr},
	}
	for _, part := range parts {
		if err := put(ctx, kv, part.name, []byte(part.line)); err != nil {
			return err
		}
		content, err := part.capture.Wait(len(part.line))
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		fmt.Printf("%s: %s\n", part.name, bytes.TrimSuffix(content, []byte("\n")))
	}

	for _, part := range parts {
		if err := put(ctx, kv, part.name, bytes.Repeat(part.letter, floodBytes)); err != nil {
			return err
		}
		if _, err := part.capture.Wait(len(part.line) + floodBytes); err != nil {
			return fmt.Errorf("%s flood: %w", part.name, err)
		}
	}
	// Counted after the end, when nothing can arrive twice any more.
	session.Kill()
	for _, part := range parts {
		flood := part.capture.Content()[len(part.line):]
		if stray := len(flood) - bytes.Count(flood, part.letter); stray > 0 {
			return fmt.Errorf("%s flood: %d strange bytes", part.name, stray)
		}
		fmt.Printf("%s flood: %d bytes\n", part.name, len(flood))
	}
	return nil
}
