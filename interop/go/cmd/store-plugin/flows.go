package main

import (
	"context"
	"errors"
	"io"
	"os"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/flow"
	"pintle.dev/interop/internal/storepb"
)

// stepBytes is how much is imported between two words about it.
const stepBytes = 250_000

// checkFlows refuses what go-plugin cannot do: on one connection a byte stream
// is no gRPC, and its broker dials nothing else.
func checkFlows() error {
	if os.Getenv("PLUGIN_MULTIPLEX_GRPC") == "true" {
		return status.Error(codes.Unimplemented, "no byte streams on one connection with go-plugin")
	}
	return nil
}

func (s *store) Import(ctx context.Context, request *storepb.StoreImportRequest) (*storepb.StoreImportResponse, error) {
	if err := checkFlows(); err != nil {
		return nil, err
	}
	body, err := flow.BorrowReader(ctx, s.broker, request.GetBody())
	if err != nil {
		return nil, lost(err)
	}
	defer func() { _ = body.Close() }()
	progress, err := s.borrowProgress(request.Progress)
	if err != nil {
		return nil, err
	}
	defer progress.close()

	var value []byte
	for {
		step, err := io.ReadAll(io.LimitReader(body, stepBytes))
		if err != nil {
			return nil, broken(err)
		}
		if len(step) == 0 {
			break
		}
		value = append(value, step...)
		if err := progress.at(ctx, uint64(len(value))); err != nil {
			return nil, err
		}
	}
	s.put(request.GetKey(), value)
	return &storepb.StoreImportResponse{Value: uint64(len(value))}, nil
}

func (s *store) Export(ctx context.Context, request *storepb.StoreExportRequest) (*storepb.StoreExportResponse, error) {
	if err := checkFlows(); err != nil {
		return nil, err
	}
	value, err := s.get(request.GetKey())
	if err != nil {
		return nil, err
	}
	to, err := flow.BorrowWriter(ctx, s.broker, request.GetTo())
	if err != nil {
		return nil, lost(err)
	}
	if _, err := to.Write(value); err != nil {
		_ = to.Close()
		return nil, broken(err)
	}
	if err := to.Close(); err != nil {
		return nil, broken(err)
	}
	return &storepb.StoreExportResponse{}, nil
}

func (s *store) Watch(_ context.Context, request *storepb.StoreWatchRequest) (*storepb.StoreWatchResponse, error) {
	if err := checkFlows(); err != nil {
		return nil, err
	}
	next, closed := s.events(request.GetPrefix())
	lent, err := flow.LendValues(s.broker, next, closed)
	if err != nil {
		return nil, lost(err)
	}
	return &storepb.StoreWatchResponse{Value: lent.ID}, nil
}

func (s *store) Feed(ctx context.Context, request *storepb.StoreFeedRequest) (*storepb.StoreFeedResponse, error) {
	if err := checkFlows(); err != nil {
		return nil, err
	}
	events, err := flow.BorrowValues[*storepb.Event](ctx, s.broker, request.GetEvents())
	if err != nil {
		return nil, lost(err)
	}
	defer events.Close()
	count := uint64(0)
	for {
		event, err := events.Next()
		if errors.Is(err, io.EOF) {
			return &storepb.StoreFeedResponse{Value: count}, nil
		}
		if err != nil {
			return nil, broken(err)
		}
		if change, ok := event.GetChange().GetIs().(*storepb.Change_Bytes); ok {
			s.put(event.GetKey(), change.Bytes)
		}
		count++
	}
}
