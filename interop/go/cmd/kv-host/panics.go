package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/host"
	"pintle.dev/interop/internal/kvpb"
)

// panicLine is how the panic must read in the host's log.
const panicLine = "panic: out of cheese"

// tellPanics has the plugin crash in the middle of a call.
func tellPanics(ctx context.Context, session *host.Session, kv kvpb.KVClient) error {
	lost := put(ctx, kv, "panic", []byte("out of cheese"))
	if lost == nil {
		return errors.New("a plugin that panicked answered")
	}
	fmt.Fprintln(os.Stderr, lost)

	entries, err := session.Logs.Next(1, panicLine)
	if err != nil {
		return err
	}
	fmt.Printf("log %s: %s\n", entries[0].Level, entries[0].Message)
	if code := status.Code(errors.Unwrap(lost)); code != codes.Unavailable {
		return fmt.Errorf("the call ended with %s", code)
	}
	fmt.Println("call: lost")
	return nil
}
