package main

import (
	"context"
	"errors"
	"io"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/bench"
	"pintle.dev/interop/internal/benchpb"
)

// grpcPlugin is the plugin's half of the interface over gRPC: it only serves.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*grpcPlugin) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	benchpb.RegisterBenchServer(server, &grpcBench{broker: broker})
	return nil
}

func (*grpcPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, errors.New("bench-plugin serves the plugin and never dispenses it")
}

type grpcBench struct {
	benchpb.UnimplementedBenchServer
	broker *plugin.GRPCBroker
}

func (*grpcBench) Echo(_ context.Context, payload *benchpb.Payload) (*benchpb.Payload, error) {
	return &benchpb.Payload{Data: payload.GetData()}, nil
}

func (b *grpcBench) Call(ctx context.Context, visit *benchpb.Visit) (*benchpb.Empty, error) {
	conn, err := b.broker.Dial(visit.GetId())
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()

	bell := benchpb.NewBellClient(conn)
	payload := make([]byte, bench.SmallBytes)
	for range visit.GetRings() {
		if _, err := bell.Ring(ctx, &benchpb.Payload{Data: payload}); err != nil {
			return nil, err
		}
	}
	return &benchpb.Empty{}, nil
}

func (*grpcBench) Up(stream benchpb.Bench_UpServer) error {
	var total uint64
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&benchpb.Size{Bytes: total})
		}
		if err != nil {
			return err
		}
		total += uint64(len(piece.GetData()))
	}
}

func (*grpcBench) Down(size *benchpb.Size, stream benchpb.Bench_DownServer) error {
	return bench.InPieces(int(size.GetBytes()), bench.MessageBytes, func(piece []byte) error {
		return stream.Send(&benchpb.Payload{Data: piece})
	})
}

func (*grpcBench) Items(count *benchpb.Count, stream benchpb.Bench_ItemsServer) error {
	for range count.GetItems() {
		if err := stream.Send(&benchpb.Payload{Data: make([]byte, bench.SmallBytes)}); err != nil {
			return err
		}
	}
	return nil
}

func (*grpcBench) Flood(_ context.Context, size *benchpb.Size) (*benchpb.Empty, error) {
	if err := flood(int(size.GetBytes())); err != nil {
		return nil, err
	}
	return &benchpb.Empty{}, nil
}
