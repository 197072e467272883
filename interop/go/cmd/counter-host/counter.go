package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/counterpb"
)

// counter is the dispensed plugin: each put lends it a helper to add with.
type counter struct {
	broker *plugin.GRPCBroker
	client counterpb.CounterClient
	helper addHelper
}

func (c *counter) put(ctx context.Context, key string, value int64) error {
	id := c.broker.NextId()
	stop, err := c.serveHelper(id)
	if err != nil {
		return err
	}
	defer stop()
	if _, err := c.client.Put(ctx, &counterpb.PutRequest{AddServer: id, Key: key, Value: value}); err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	return nil
}

func (c *counter) get(ctx context.Context, key string) (int64, error) {
	response, err := c.client.Get(ctx, &counterpb.GetRequest{Key: key})
	if err != nil {
		return 0, fmt.Errorf("get %s: %w", key, err)
	}
	return response.GetValue(), nil
}

// serveHelper returns once the helper is announced under id, with the way to
// end it, which returns once it has ended.
func (c *counter) serveHelper(id uint32) (stop func(), err error) {
	made := make(chan *grpc.Server, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.broker.AcceptAndServe(id, func(options []grpc.ServerOption) *grpc.Server {
			server := grpc.NewServer(options...)
			counterpb.RegisterAddHelperServer(server, &c.helper)
			made <- server
			return server
		})
	}()
	select {
	case server := <-made:
		return func() { server.Stop(); <-ended }, nil
	case <-ended:
		// The library prints the reason on stderr and does not return it.
		return nil, fmt.Errorf("broker id %d was not accepted", id)
	}
}

// addHelper is the service that the host lends, and counts how often it was
// asked, to show that the plugin did come back.
type addHelper struct {
	counterpb.UnimplementedAddHelperServer
	calls atomic.Int64
}

func (h *addHelper) Sum(_ context.Context, request *counterpb.SumRequest) (*counterpb.SumResponse, error) {
	h.calls.Add(1)
	return &counterpb.SumResponse{R: request.GetA() + request.GetB()}, nil
}
