package main

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/kvpb"
)

// maxBigBytes bounds what a host can make this process allocate.
const maxBigBytes = 64 << 20

// store answers the KV service from memory. A few keys are not stored but
// make the process do something a host can watch from outside.
type store struct {
	kvpb.UnimplementedKVServer
	suffix string
	log    hclog.Logger

	mu     sync.Mutex
	values map[string][]byte
}

func newStore(suffix string, log hclog.Logger) *store {
	return &store{suffix: suffix, log: log, values: make(map[string][]byte)}
}

func (s *store) Get(_ context.Context, request *kvpb.GetRequest) (*kvpb.GetResponse, error) {
	key := request.GetKey()
	if key == "panic" {
		return nil, status.Error(codes.Internal, "asked to panic")
	}
	if key == "pid" {
		return &kvpb.GetResponse{Value: []byte(strconv.Itoa(os.Getpid()))}, nil
	}
	if size, ok := strings.CutPrefix(key, "big:"); ok {
		return big(size)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[key]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "no such key: %s", key)
	}
	return &kvpb.GetResponse{Value: value}, nil
}

func (s *store) Put(ctx context.Context, request *kvpb.PutRequest) (*kvpb.Empty, error) {
	key, value := request.GetKey(), request.GetValue()
	switch key {
	case "stdout":
		return write(os.Stdout, value)
	case "stderr":
		return write(os.Stderr, value)
	case "log":
		s.logOncePerLevel(string(value))
		return &kvpb.Empty{}, nil
	case "panic":
		go func() { panic(string(value)) }()
		<-ctx.Done()
		return nil, status.Error(codes.Internal, "the panic did not end the process")
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = append(bytes.Clone(value), s.suffix...)
	return &kvpb.Empty{}, nil
}

func (s *store) logOncePerLevel(message string) {
	levels := []hclog.Level{hclog.Trace, hclog.Debug, hclog.Info, hclog.Warn, hclog.Error}
	for _, level := range levels {
		s.log.Log(level, message, "answer", 42, "name", "kv")
	}
}

func big(size string) (*kvpb.GetResponse, error) {
	bytesAsked, err := strconv.ParseUint(size, 10, 32)
	if err != nil || bytesAsked > maxBigBytes {
		return nil, status.Errorf(codes.InvalidArgument, "bad size: %s", size)
	}
	return &kvpb.GetResponse{Value: bytes.Repeat([]byte("x"), int(bytesAsked))}, nil
}

func write(file *os.File, value []byte) (*kvpb.Empty, error) {
	if _, err := file.Write(value); err != nil {
		return nil, status.Errorf(codes.Internal, "write %s: %s", file.Name(), err)
	}
	return &kvpb.Empty{}, nil
}
