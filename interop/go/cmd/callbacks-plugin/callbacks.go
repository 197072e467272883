package main

import (
	"context"
	"sync"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/broker"
	"pintle.dev/interop/internal/callbackspb"
)

// callbacks dials what the host serves and serves what the host dials.
type callbacks struct {
	callbackspb.UnimplementedCallbacksServer
	broker *plugin.GRPCBroker

	mu    sync.Mutex
	stops map[uint32]func()
}

func newCallbacks(broker *plugin.GRPCBroker) *callbacks {
	return &callbacks{broker: broker, stops: make(map[uint32]func())}
}

func (c *callbacks) Dial(ctx context.Context, request *callbackspb.Id) (*callbackspb.Whoami, error) {
	answer, err := broker.Ask(ctx, c.broker, request.GetId())
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return &callbackspb.Whoami{Id: answer}, nil
}

func (c *callbacks) Serve(context.Context, *callbackspb.Empty) (*callbackspb.Id, error) {
	id := c.broker.NextId()
	stop, err := broker.Serve(c.broker, id)
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stops[id] = stop
	return &callbackspb.Id{Id: id}, nil
}

func (c *callbacks) End(_ context.Context, request *callbackspb.Id) (*callbackspb.Empty, error) {
	c.mu.Lock()
	stop, ok := c.stops[request.GetId()]
	delete(c.stops, request.GetId())
	c.mu.Unlock()
	if !ok {
		return nil, status.Errorf(codes.NotFound, "nothing is served under %d", request.GetId())
	}
	stop()
	return &callbackspb.Empty{}, nil
}
