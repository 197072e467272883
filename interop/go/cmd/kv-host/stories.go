package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/host"
	"pintle.dev/interop/internal/kvpb"
)

type story struct {
	// tell prints the transcript as it goes, all but the line about the exit.
	tell func(context.Context, *host.Session, kvpb.KVClient) error
	// end sees to the plugin's end and says, in the transcript's words, how it went.
	end func(*host.Session) string
}

var stories = map[string]story{
	"kv":         {tellKV, (*host.Session).Close},
	"negotiated": {tellNegotiated, (*host.Session).Close},
	"stdio":      {tellStdio, (*host.Session).Close},
	"logs":       {tellLogs, (*host.Session).Close},
	"reflect":    {tellReflect, (*host.Session).Close},
	"reattach":   {tellReattach, (*host.Session).Gone},
	"panics":     {tellPanics, (*host.Session).Crashed},
	// Nothing is launched for it; see tellTestMode.
	"test-mode": {},
}

// tellKV covers plain calls, an error with its text, and a message well over
// the 4 MiB at which most gRPC libraries stop by default.
func tellKV(ctx context.Context, session *host.Session, kv kvpb.KVClient) error {
	if err := session.Client.Ping(); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	fmt.Println("ping: ok")

	if err := put(ctx, kv, "hello", []byte("world")); err != nil {
		return err
	}
	fmt.Println("put hello = world")

	value, err := get(ctx, kv, "hello")
	if err != nil {
		return err
	}
	fmt.Printf("get hello = %s\n", value)

	_, err = kv.Get(ctx, &kvpb.GetRequest{Key: "missing"})
	refusal := status.Convert(err)
	fmt.Printf("get missing: %s %s\n", refusal.Code(), refusal.Message())

	big, err := get(ctx, kv, "big:5000000")
	if err != nil {
		return err
	}
	fmt.Printf("big = %d bytes\n", bytes.Count(big, []byte("x")))
	return nil
}

// tellNegotiated shows that the version both sides believe in is the one
// whose plugin answers.
func tellNegotiated(ctx context.Context, session *host.Session, kv kvpb.KVClient) error {
	fmt.Printf("version: %d\n", session.Version)
	if err := put(ctx, kv, "hello", []byte("world")); err != nil {
		return err
	}
	value, err := get(ctx, kv, "hello")
	if err != nil {
		return err
	}
	fmt.Printf("get hello = %s\n", value)
	return nil
}

// tellLogs prints the plugin's log lines as the host's logger got them.
func tellLogs(ctx context.Context, session *host.Session, kv kvpb.KVClient) error {
	if err := put(ctx, kv, "log", []byte("hello")); err != nil {
		return err
	}
	entries, err := session.Logs.Next(5, "hello")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		fmt.Printf("log %s: %s answer=%s name=%s\n",
			entry.Level, entry.Message, entry.Fields["answer"], entry.Fields["name"])
	}

	// Only an ended plugin cannot log the same thing once more.
	session.Kill()
	if extra := session.Logs.Count("hello"); extra > 0 {
		return fmt.Errorf("%d log lines came twice", extra)
	}
	return nil
}

func tellReflect(ctx context.Context, session *host.Session, _ kvpb.KVClient) error {
	services, err := reflectedServices(ctx, session.Client.Conn)
	if err != nil {
		return err
	}
	fmt.Printf("services: %s\n", strings.Join(services, ", "))
	return nil
}

func put(ctx context.Context, kv kvpb.KVClient, key string, value []byte) error {
	if _, err := kv.Put(ctx, &kvpb.PutRequest{Key: key, Value: value}); err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	return nil
}

func get(ctx context.Context, kv kvpb.KVClient, key string) ([]byte, error) {
	response, err := kv.Get(ctx, &kvpb.GetRequest{Key: key})
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	return response.GetValue(), nil
}
