package lend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/pintlepb"
)

// openTimeout is how long the other side has to come for a stream: as long as
// go-plugin waits for an announcement.
const openTimeout = 5 * time.Second

// chunkBytes is the most that is put into one message.
const chunkBytes = 64 << 10

// ErrBroken says that the other side went away before the end of its
// direction: what came is not the whole.
var ErrBroken = errors.New("the other side went away before the end")

// Stream is a stream of bytes both ways: the call of pintle.ByteStream, from
// either side. One goroutine may read while another writes.
type Stream struct {
	call interface {
		Send(*pintlepb.Chunk) error
		Recv() (*pintlepb.Chunk, error)
	}
	// unread is what has arrived and was not read.
	unread []byte
	// readErr is how the other side's direction ended, once it has.
	readErr error
	// wroteEnd says that our direction has ended well.
	wroteEnd bool
	close    func()
}

// Read implements io.Reader: io.EOF is an end that the other side has told,
// ErrBroken one that it has not.
func (s *Stream) Read(to []byte) (int, error) {
	for len(s.unread) == 0 {
		if s.readErr != nil {
			return 0, s.readErr
		}
		chunk, err := s.call.Recv()
		if err != nil {
			s.readErr = fmt.Errorf("%w: %w", ErrBroken, err)
			continue
		}
		s.unread = chunk.GetData()
		if chunk.GetEnd() {
			s.readErr = io.EOF
		}
	}
	n := copy(to, s.unread)
	s.unread = s.unread[n:]
	return n, nil
}

// Write implements io.Writer.
func (s *Stream) Write(from []byte) (int, error) {
	written := 0
	for written < len(from) {
		data := from[written:min(written+chunkBytes, len(from))]
		if err := s.call.Send(&pintlepb.Chunk{Data: data}); err != nil {
			return written, fmt.Errorf("%w: %w", ErrBroken, err)
		}
		written += len(data)
	}
	return written, nil
}

// CloseWrite ends our direction: the other side has the whole.
func (s *Stream) CloseWrite() error {
	if err := s.call.Send(&pintlepb.Chunk{End: true}); err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	s.wroteEnd = true
	return nil
}

// Drain returns when the other side has ended its direction, however.
func (s *Stream) Drain() {
	_, _ = io.Copy(io.Discard, s)
}

// Close lets go of an opened stream. Where either direction has not ended, it
// is broken off.
func (s *Stream) Close() {
	if s.wroteEnd && s.readErr == io.EOF {
		// The callee ends the call once it has our end, too.
		_, _ = s.call.Recv()
	}
	s.close()
}

// OpenStream opens the stream that the other side offers under id. It lasts
// no longer than ctx.
func OpenStream(ctx context.Context, broker *plugin.GRPCBroker, id uint32) (*Stream, error) {
	conn, err := broker.Dial(id)
	if err != nil {
		return nil, fmt.Errorf("dial broker id %d: %w", id, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	closeBoth := func() {
		cancel()
		_ = conn.Close()
	}
	call, err := pintlepb.NewByteStreamClient(conn).Open(ctx)
	if err != nil {
		closeBoth()
		return nil, fmt.Errorf("open the stream %d: %w", id, err)
	}
	return &Stream{call: call, close: closeBoth}, nil
}

// OfferStream offers a stream under a fresh id, and serves it once the other
// side has opened it. What serve leaves unended is broken off.
func OfferStream(broker *plugin.GRPCBroker, serve func(*Stream)) (*Served, error) {
	offer := &offer{serve: serve, opened: make(chan struct{}), ended: make(chan struct{})}
	served, err := Serve(broker, func(server *grpc.Server) {
		pintlepb.RegisterByteStreamServer(server, offer)
	})
	if err != nil {
		return nil, err
	}
	go func() {
		select {
		case <-offer.opened:
			<-offer.ended
			served.finish()
		case <-time.After(openTimeout):
			served.Stop()
		}
	}()
	return served, nil
}

type offer struct {
	pintlepb.UnimplementedByteStreamServer
	serve         func(*Stream)
	once          sync.Once
	opened, ended chan struct{}
}

// Open can be called once.
func (o *offer) Open(call pintlepb.ByteStream_OpenServer) error {
	first := false
	o.once.Do(func() { first = true })
	if !first {
		return status.Error(codes.AlreadyExists, "the stream is open already")
	}
	close(o.opened)
	defer close(o.ended)
	// Whoever opens a stream may wait for the headers of the answer, and
	// grpc-go sends them with the first message unless it is told to: the
	// lender of a writer has nothing to say before the end.
	if err := call.SendHeader(nil); err != nil {
		return err
	}
	stream := &Stream{call: call}
	o.serve(stream)
	stream.Drain()
	if !stream.wroteEnd {
		return status.Error(codes.Aborted, "the stream was broken off")
	}
	return nil
}

// StreamOf is a stream on which those bytes have come, and then its end.
func StreamOf(arrived []byte) *Stream {
	return &Stream{unread: arrived, readErr: io.EOF, close: func() {}}
}
