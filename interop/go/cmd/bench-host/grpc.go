package main

import (
	"context"
	"errors"
	"io"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/bench"
	"pintle.dev/interop/internal/benchpb"
	"pintle.dev/interop/internal/lend"
)

// grpcPlugin is the host's half of the interface over gRPC: it only dispenses.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*grpcPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("bench-host dispenses the plugin and never serves it")
}

func (*grpcPlugin) GRPCClient(ctx context.Context, broker *plugin.GRPCBroker, conn *grpc.ClientConn) (interface{}, error) {
	return &grpcBench{ctx: ctx, broker: broker, client: benchpb.NewBenchClient(conn)}, nil
}

type grpcBench struct {
	// ctx ends with the plugin's process.
	ctx    context.Context
	broker *plugin.GRPCBroker
	client benchpb.BenchClient
}

func (b *grpcBench) echo(payload []byte) error {
	answer, err := b.client.Echo(b.ctx, &benchpb.Payload{Data: payload})
	if err != nil {
		return err
	}
	return expect("echo", len(payload), len(answer.GetData()))
}

func (b *grpcBench) lend(rings int) error {
	served, err := lend.Serve(b.broker, func(server *grpc.Server) {
		benchpb.RegisterBellServer(server, grpcBell{})
	})
	if err != nil {
		return err
	}
	defer served.Stop()
	_, err = b.client.Call(b.ctx, &benchpb.Visit{Id: served.ID, Rings: uint64(rings)})
	return err
}

func (b *grpcBench) up(bytes int) error {
	stream, err := b.client.Up(b.ctx)
	if err != nil {
		return err
	}
	err = bench.InPieces(bytes, bench.MessageBytes, func(piece []byte) error {
		return stream.Send(&benchpb.Payload{Data: piece})
	})
	// io.EOF says that the plugin has answered already; what, is still to be
	// received.
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	answer, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	return expect("up", bytes, int(answer.GetBytes()))
}

func (b *grpcBench) down(bytes int) error {
	stream, err := b.client.Down(b.ctx, &benchpb.Size{Bytes: uint64(bytes)})
	if err != nil {
		return err
	}
	total, err := drain(stream)
	if err != nil {
		return err
	}
	return expect("down", bytes, total)
}

func (b *grpcBench) items(count int) error {
	stream, err := b.client.Items(b.ctx, &benchpb.Count{Items: uint64(count)})
	if err != nil {
		return err
	}
	total, err := drain(stream)
	if err != nil {
		return err
	}
	return expect("items", count*bench.SmallBytes, total)
}

func (b *grpcBench) print(bytes int) error {
	_, err := b.client.Flood(b.ctx, &benchpb.Size{Bytes: uint64(bytes)})
	return err
}

// drain receives to the end, and says how many bytes there were.
func drain(stream interface {
	Recv() (*benchpb.Payload, error)
}) (int, error) {
	total := 0
	for {
		payload, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		total += len(payload.GetData())
	}
}

// grpcBell is what the host lends.
type grpcBell struct {
	benchpb.UnimplementedBellServer
}

func (grpcBell) Ring(_ context.Context, payload *benchpb.Payload) (*benchpb.Payload, error) {
	return &benchpb.Payload{Data: payload.GetData()}, nil
}
