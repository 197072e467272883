package flow

import (
	"context"
	"io"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/lend"
)

// LendReader lets the other side read source, and closes it afterwards.
func LendReader(broker *plugin.GRPCBroker, source io.ReadCloser) (*lend.Served, error) {
	return lend.OfferStream(broker, func(stream *lend.Stream) {
		Send(stream, &pieces{source: source, buffer: make([]byte, pieceBytes)})
	})
}

// pieces are a reader as items.
type pieces struct {
	source io.ReadCloser
	buffer []byte
}

func (p *pieces) Next() ([]byte, error) {
	for {
		n, err := p.source.Read(p.buffer)
		if n > 0 {
			// What came with an error comes again without.
			return p.buffer[:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *pieces) Close() error { return p.source.Close() }

// Reader reads what the other side has lent.
type Reader struct {
	receiver *Receiver
	unread   []byte
	err      error
}

// BorrowReader takes the reader that the other side has lent under id. It
// lasts no longer than ctx, and is to be closed.
func BorrowReader(ctx context.Context, broker *plugin.GRPCBroker, id uint32) (*Reader, error) {
	stream, err := lend.OpenStream(ctx, broker, id)
	if err != nil {
		return nil, err
	}
	return &Reader{receiver: NewReceiver(stream)}, nil
}

// Read implements io.Reader.
func (r *Reader) Read(to []byte) (int, error) {
	for len(r.unread) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.unread, r.err = r.receiver.Next()
	}
	n := copy(to, r.unread)
	r.unread = r.unread[n:]
	return n, nil
}

// Close implements io.Closer.
func (r *Reader) Close() error {
	r.receiver.Close()
	return nil
}
