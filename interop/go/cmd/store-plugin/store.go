package main

import (
	"context"
	"sync"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/storepb"
)

// letGo is the key that an endless stream puts when it is let go.
const letGo = "let go"

// store keeps values in memory.
type store struct {
	storepb.UnimplementedStoreServer
	broker *plugin.GRPCBroker

	mu     sync.Mutex
	values map[string][]byte
}

func newStore(broker *plugin.GRPCBroker) *store {
	return &store{broker: broker, values: make(map[string][]byte)}
}

func (s *store) put(key string, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = value
}

func (s *store) get(key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[key]
	if !ok {
		return nil, notFound(key)
	}
	return value, nil
}

func (s *store) Put(_ context.Context, request *storepb.StorePutRequest) (*storepb.StorePutResponse, error) {
	s.put(request.GetKey(), request.GetValue())
	return &storepb.StorePutResponse{}, nil
}

func (s *store) Get(_ context.Context, request *storepb.StoreGetRequest) (*storepb.StoreGetResponse, error) {
	value, err := s.get(request.GetKey())
	if err != nil {
		return nil, err
	}
	return &storepb.StoreGetResponse{Value: value}, nil
}

func (s *store) Echo(_ context.Context, request *storepb.StoreEchoRequest) (*storepb.StoreEchoResponse, error) {
	return &storepb.StoreEchoResponse{Value: request.GetEvent()}, nil
}

func (s *store) Count(ctx context.Context, request *storepb.StoreCountRequest) (*storepb.StoreCountResponse, error) {
	progress, err := s.borrowProgress(&request.Progress)
	if err != nil {
		return nil, err
	}
	defer progress.close()
	for step := uint64(1); step <= request.GetTo(); step++ {
		if err := progress.at(ctx, step); err != nil {
			return nil, err
		}
	}
	return &storepb.StoreCountResponse{Value: request.GetTo()}, nil
}
