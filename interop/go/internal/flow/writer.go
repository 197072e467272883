package flow

import (
	"context"
	"errors"
	"io"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/flowpb"
	"pintle.dev/interop/internal/lend"
)

// LendWriter lets the other side write to sink, which is closed where that was
// the whole.
func LendWriter(broker *plugin.GRPCBroker, sink io.WriteCloser) (*lend.Served, error) {
	return lend.OfferStream(broker, func(stream *lend.Stream) {
		answer := &flowpb.Frame{Is: &flowpb.Frame_End{End: &flowpb.End{}}}
		err := pour(NewReceiver(stream), sink)
		var refused *refused
		if errors.As(err, &refused) {
			answer.Is = &flowpb.Frame_Failure{Failure: failureOf(refused.err)}
		} else if err != nil {
			// It was broken off, by failure or by flight: nobody waits for an answer.
			return
		}
		if send(stream, answer) == nil {
			_ = stream.CloseWrite()
		}
	})
}

// refused is an error of the sink, rather than of the way to it.
type refused struct{ err error }

func (r *refused) Error() string { return r.err.Error() }

func pour(from *Receiver, sink io.WriteCloser) error {
	for {
		item, err := from.Next()
		if errors.Is(err, io.EOF) {
			if err := sink.Close(); err != nil {
				return &refused{err}
			}
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := sink.Write(item); err != nil {
			return &refused{err}
		}
	}
}

// Writer writes to what the other side has lent.
type Writer struct {
	stream *lend.Stream
	// answered is closed once the other side has said what became of it.
	answered chan struct{}
	answer   error
}

// BorrowWriter takes the writer that the other side has lent under id. It
// lasts no longer than ctx, and is to be closed.
func BorrowWriter(ctx context.Context, broker *plugin.GRPCBroker, id uint32) (*Writer, error) {
	stream, err := lend.OpenStream(ctx, broker, id)
	if err != nil {
		return nil, err
	}
	w := &Writer{stream: stream, answered: make(chan struct{})}
	go func() {
		defer close(w.answered)
		if _, w.answer = NewReceiver(stream).Next(); w.answer == nil {
			w.answer = errors.New("an item was answered")
		}
	}()
	return w, nil
}

// Write implements io.Writer.
func (w *Writer) Write(from []byte) (int, error) {
	select {
	case <-w.answered:
		return 0, w.answer
	default:
	}
	written := 0
	for written < len(from) {
		item := from[written:min(written+pieceBytes, len(from))]
		if err := send(w.stream, &flowpb.Frame{Is: &flowpb.Frame_Item{Item: item}}); err != nil {
			// Why it takes no more is in the answer.
			<-w.answered
			return written, w.answer
		}
		written += len(item)
	}
	return written, nil
}

// Close implements io.Closer: without an error, all that was written has
// arrived where it was to go.
func (w *Writer) Close() error {
	defer w.stream.Close()
	if send(w.stream, &flowpb.Frame{Is: &flowpb.Frame_End{End: &flowpb.End{}}}) == nil {
		_ = w.stream.CloseWrite()
	}
	<-w.answered
	if errors.Is(w.answer, io.EOF) {
		w.stream.Drain()
		return nil
	}
	return w.answer
}
