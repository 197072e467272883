// Package broker serves the callbacks story's Echo under broker ids and dials
// it, for either side of a session.
package broker

import (
	"context"
	"fmt"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/callbackspb"
)

// Serve returns once an Echo is to be dialled under id, with the way to end
// it, which returns once it has ended.
func Serve(broker *plugin.GRPCBroker, id uint32) (stop func(), err error) {
	made := make(chan *grpc.Server, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		broker.AcceptAndServe(id, func(options []grpc.ServerOption) *grpc.Server {
			server := grpc.NewServer(options...)
			callbackspb.RegisterEchoServer(server, &echo{id: id})
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

// Ask dials the Echo that the other side serves under id and returns the id it
// says it is served under.
func Ask(ctx context.Context, broker *plugin.GRPCBroker, id uint32) (uint32, error) {
	conn, err := broker.Dial(id)
	if err != nil {
		return 0, fmt.Errorf("dial broker id %d: %w", id, err)
	}
	defer func() { _ = conn.Close() }()

	answer, err := callbackspb.NewEchoClient(conn).Ask(ctx, &callbackspb.Empty{})
	if err != nil {
		return 0, fmt.Errorf("ask broker id %d: %w", id, err)
	}
	return answer.GetId(), nil
}

type echo struct {
	callbackspb.UnimplementedEchoServer
	id uint32
}

func (e *echo) Ask(context.Context, *callbackspb.Empty) (*callbackspb.Whoami, error) {
	return &callbackspb.Whoami{Id: e.id}, nil
}
