// Package flow carries readers, writers and streams of values as pintle's
// flow.proto has them: frames, each after its length, on a byte stream.
package flow

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protodelim"

	"pintle.dev/interop/internal/flowpb"
	"pintle.dev/interop/internal/lend"
)

// maxFrameBytes bounds what the other side can make us hold: the longest value
// of a stream, and what is around it.
const maxFrameBytes = 16<<20 + 64<<10

// pieceBytes is the most of a reader that is put into one item.
const pieceBytes = 256 << 10

// Failure is why a flow ended before its end, as whoever sent it has said.
type Failure struct {
	Kind flowpb.Kind
	Text string
}

func (f *Failure) Error() string { return f.Text }

// failureOf is what the other side is told of an error.
func failureOf(err error) *flowpb.Failure {
	var known *Failure
	if errors.As(err, &known) {
		return &flowpb.Failure{Kind: known.Kind, Text: known.Text}
	}
	return &flowpb.Failure{Text: err.Error()}
}

// Items are what a flow is made of. Next gives io.EOF after the last; Close
// may be called while it waits, and then makes it return.
type Items interface {
	Next() ([]byte, error)
	Close() error
}

// Send sends all items, until the end, a failure, or until the other side
// wants no more. It closes them.
func Send(stream *lend.Stream, items Items) {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		stream.Drain()
		_ = items.Close()
	}()
	defer func() { <-gone }()
	for {
		item, err := items.Next()
		frame := &flowpb.Frame{Is: &flowpb.Frame_Item{Item: item}}
		if errors.Is(err, io.EOF) {
			frame.Is = &flowpb.Frame_End{End: &flowpb.End{}}
		} else if err != nil {
			frame.Is = &flowpb.Frame_Failure{Failure: failureOf(err)}
		}
		if sendErr := send(stream, frame); sendErr != nil {
			return
		}
		if err != nil {
			_ = stream.CloseWrite()
			return
		}
	}
}

func send(stream *lend.Stream, frame *flowpb.Frame) error {
	_, err := protodelim.MarshalTo(stream, frame)
	return err
}

// Receiver takes a flow apart.
type Receiver struct {
	stream *lend.Stream
	frames *bufio.Reader
	// ended says that the other side has told an end, of either kind.
	ended bool
}

// NewReceiver receives what the other side sends on stream.
func NewReceiver(stream *lend.Stream) *Receiver {
	return &Receiver{stream: stream, frames: bufio.NewReader(stream)}
}

// Next returns the next item; io.EOF at the end, and a Failure where the other
// side has told one. Every other error says that it was broken off.
func (r *Receiver) Next() ([]byte, error) {
	for {
		frame := &flowpb.Frame{}
		err := protodelim.UnmarshalOptions{MaxSize: maxFrameBytes}.UnmarshalFrom(r.frames, frame)
		if errors.Is(err, io.EOF) {
			// The stream ended well, the flow did not.
			return nil, fmt.Errorf("%w: no end was told", lend.ErrBroken)
		}
		if err != nil {
			return nil, err
		}
		switch is := frame.GetIs().(type) {
		case *flowpb.Frame_Item:
			return is.Item, nil
		case *flowpb.Frame_End:
			r.ended = true
			return nil, io.EOF
		case *flowpb.Frame_Failure:
			r.ended = true
			return nil, &Failure{Kind: is.Failure.GetKind(), Text: is.Failure.GetText()}
		}
		// A frame of a newer peer.
	}
}

// Close says that no more is wanted.
func (r *Receiver) Close() {
	_ = r.stream.CloseWrite()
	if r.ended {
		r.stream.Drain()
	}
	r.stream.Close()
}
