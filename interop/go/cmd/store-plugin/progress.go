package main

import (
	"context"

	"google.golang.org/grpc"

	"pintle.dev/interop/internal/storepb"
)

// progress is what the host has lent to be told how far something is; nil
// where it has not.
type progress struct {
	conn *grpc.ClientConn
}

// borrowProgress takes the callback with that broker id, if there is one. It
// is to be closed: the host keeps it until then.
func (s *store) borrowProgress(id *uint32) (*progress, error) {
	if id == nil {
		return nil, nil
	}
	conn, err := s.broker.Dial(*id)
	if err != nil {
		return nil, lost(err)
	}
	return &progress{conn: conn}, nil
}

func (p *progress) at(ctx context.Context, done uint64) error {
	if p == nil {
		return nil
	}
	if _, err := storepb.NewProgressClient(p.conn).At(ctx, &storepb.ProgressAtRequest{Done: done}); err != nil {
		return lost(err)
	}
	return nil
}

func (p *progress) close() {
	if p != nil {
		_ = p.conn.Close()
	}
}
