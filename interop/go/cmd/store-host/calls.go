package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/lend"
	"pintle.dev/interop/internal/storepb"
)

// tellCalls is about values, typed errors and callbacks.
func (s *store) tellCalls(ctx context.Context) error {
	if _, err := s.client.Put(ctx, &storepb.StorePutRequest{Key: "hello", Value: []byte("world")}); err != nil {
		return err
	}
	fmt.Println("put hello = world")
	got, err := s.client.Get(ctx, &storepb.StoreGetRequest{Key: "hello"})
	if err != nil {
		return err
	}
	fmt.Printf("get hello = %s\n", got.GetValue())
	_, err = s.client.Get(ctx, &storepb.StoreGetRequest{Key: "missing"})
	fmt.Printf("get missing: %s\n", describe(err))

	for _, event := range []*storepb.Event{full(), empty()} {
		echo, err := s.client.Echo(ctx, &storepb.StoreEchoRequest{Event: event})
		if err != nil {
			return err
		}
		fmt.Printf("echo %s\n", text(echo.GetValue()))
	}

	all := &progress{enough: math.MaxUint64}
	counted, err := s.count(ctx, 3, all)
	if err != nil {
		return err
	}
	fmt.Printf("count = %d, told of %s\n", counted, all.text())
	_, err = s.count(ctx, 3, &progress{enough: 2})
	fmt.Printf("count stopped: %s\n", describe(err))
	return nil
}

func (s *store) count(ctx context.Context, to uint64, progress *progress) (uint64, error) {
	lent, err := progress.lend(s)
	if err != nil {
		return 0, err
	}
	defer lent.Stop()
	counted, err := s.client.Count(ctx, &storepb.StoreCountRequest{To: to, Progress: lent.ID})
	return counted.GetValue(), err
}

// describe is an error in the transcript's words: its status, and what the
// message in its details holds.
func describe(err error) string {
	if err == nil {
		return "it went well"
	}
	of := status.Convert(err)
	for _, detail := range of.Details() {
		known, ok := detail.(*storepb.StoreError)
		if !ok {
			continue
		}
		switch is := known.GetIs().(type) {
		case *storepb.StoreError_NotFound:
			return fmt.Sprintf("%s not_found %s", of.Code(), is.NotFound)
		case *storepb.StoreError_Broken:
			return fmt.Sprintf("%s broken %s", of.Code(), is.Broken)
		case *storepb.StoreError_Lost:
			return fmt.Sprintf("%s lost %s %s", of.Code(), codes.Code(is.Lost.GetCode()), is.Lost.GetText())
		}
	}
	return "another error: " + err.Error()
}

// progress is the service that the host lends, and keeps what it hears.
type progress struct {
	storepb.UnimplementedProgressServer
	// enough is the first number it does not want to hear.
	enough uint64

	mu   sync.Mutex
	told []string
}

func (p *progress) lend(to *store) (*lend.Served, error) {
	return lend.Serve(to.broker, func(server *grpc.Server) {
		storepb.RegisterProgressServer(server, p)
	})
}

func (p *progress) At(_ context.Context, request *storepb.ProgressAtRequest) (*storepb.ProgressAtResponse, error) {
	if request.GetDone() >= p.enough {
		return nil, status.Error(codes.Aborted, "enough")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, fmt.Sprint(request.GetDone()))
	return &storepb.ProgressAtResponse{}, nil
}

func (p *progress) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.told, ", ")
}
