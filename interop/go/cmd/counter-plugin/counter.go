package main

import (
	"context"
	"sync"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/counterpb"
)

// counter keeps sums which it cannot work out itself.
type counter struct {
	counterpb.UnimplementedCounterServer
	broker *plugin.GRPCBroker

	// Held through a whole Put, its call to the host included: what Put does
	// is read, ask, write, and two of them must not interleave.
	mu     sync.Mutex
	values map[string]int64
}

func newCounter(broker *plugin.GRPCBroker) *counter {
	return &counter{broker: broker, values: make(map[string]int64)}
}

func (c *counter) Get(_ context.Context, request *counterpb.GetRequest) (*counterpb.GetResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.values[request.GetKey()]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "no such key: %s", request.GetKey())
	}
	return &counterpb.GetResponse{Value: value}, nil
}

func (c *counter) Put(ctx context.Context, request *counterpb.PutRequest) (*counterpb.Empty, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum, err := c.askHost(ctx, request.GetAddServer(), c.values[request.GetKey()], request.GetValue())
	if err != nil {
		return nil, err
	}
	c.values[request.GetKey()] = sum
	return &counterpb.Empty{}, nil
}

// askHost adds two numbers on the AddHelper that the host serves under id.
func (c *counter) askHost(ctx context.Context, id uint32, a, b int64) (int64, error) {
	conn, err := c.broker.Dial(id)
	if err != nil {
		return 0, status.Errorf(codes.Unavailable, "dial broker id %d: %s", id, err)
	}
	defer func() { _ = conn.Close() }()

	response, err := counterpb.NewAddHelperClient(conn).Sum(ctx, &counterpb.SumRequest{A: a, B: b})
	if err != nil {
		return 0, err
	}
	return response.GetR(), nil
}
