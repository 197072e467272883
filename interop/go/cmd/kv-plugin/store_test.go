package main

import (
	"context"
	"testing"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/kvpb"
)

func TestAStoredValueCarriesTheSuffixOfItsVersion(t *testing.T) {
	kv := newStore(" (v3)", hclog.NewNullLogger())
	if _, err := kv.Put(context.Background(), &kvpb.PutRequest{Key: "hello", Value: []byte("world")}); err != nil {
		t.Fatal(err)
	}
	response, err := kv.Get(context.Background(), &kvpb.GetRequest{Key: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(response.GetValue()); got != "world (v3)" {
		t.Errorf("got %q", got)
	}
}

func TestAKeyThatCannotBeAnsweredIsRefusedWithItsReason(t *testing.T) {
	for _, row := range []struct {
		key     string
		code    codes.Code
		message string
	}{
		{"missing", codes.NotFound, "no such key: missing"},
		{"panic", codes.Internal, "asked to panic"},
		{"big:67108865", codes.InvalidArgument, "bad size: 67108865"},
		{"big:-1", codes.InvalidArgument, "bad size: -1"},
		{"big:", codes.InvalidArgument, "bad size: "},
	} {
		_, err := newStore("", hclog.NewNullLogger()).Get(context.Background(), &kvpb.GetRequest{Key: row.key})
		if status.Code(err) != row.code || status.Convert(err).Message() != row.message {
			t.Errorf("%s: got %v", row.key, err)
		}
	}
}

func TestBigAnswersExactlyTheBytesAskedFor(t *testing.T) {
	for key, want := range map[string]int{"big:0": 0, "big:1": 1, "big:5000000": 5_000_000} {
		response, err := newStore("", hclog.NewNullLogger()).Get(context.Background(), &kvpb.GetRequest{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(response.GetValue()); got != want {
			t.Errorf("%s: got %d bytes", key, got)
		}
	}
}
