package flow

import (
	"context"
	"fmt"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"pintle.dev/interop/internal/lend"
)

// An item of a stream is a message whose field 1 is the value.
const valueField = 1

// LendValues lets the other side take values until next gives io.EOF or
// another error. Once it wants no more, closed is called.
func LendValues[T proto.Message](broker *plugin.GRPCBroker, next func() (T, error), closed func()) (*lend.Served, error) {
	return lend.OfferStream(broker, func(stream *lend.Stream) {
		Send(stream, &values[T]{next: next, closed: closed})
	})
}

type values[T proto.Message] struct {
	next   func() (T, error)
	closed func()
}

func (v *values[T]) Next() ([]byte, error) {
	value, err := v.next()
	if err != nil {
		return nil, err
	}
	bytes, err := proto.Marshal(value)
	if err != nil {
		return nil, err
	}
	item := protowire.AppendTag(nil, valueField, protowire.BytesType)
	return protowire.AppendBytes(item, bytes), nil
}

func (v *values[T]) Close() error {
	v.closed()
	return nil
}

// Values are a stream of values that the other side has lent.
type Values[T proto.Message] struct {
	receiver *Receiver
}

// BorrowValues takes the stream that the other side has lent under id. It
// lasts no longer than ctx, and is to be closed.
func BorrowValues[T proto.Message](ctx context.Context, broker *plugin.GRPCBroker, id uint32) (*Values[T], error) {
	stream, err := lend.OpenStream(ctx, broker, id)
	if err != nil {
		return nil, err
	}
	return &Values[T]{receiver: NewReceiver(stream)}, nil
}

// Next takes the next value; io.EOF is the end.
func (v *Values[T]) Next() (T, error) {
	var none T
	item, err := v.receiver.Next()
	if err != nil {
		return none, err
	}
	value, _ := none.ProtoReflect().New().Interface().(T)
	if err := unmarshalItem(item, value); err != nil {
		return none, err
	}
	return value, nil
}

// Close says that no more values are wanted.
func (v *Values[T]) Close() { v.receiver.Close() }

func unmarshalItem(item []byte, value proto.Message) error {
	for len(item) > 0 {
		number, kind, length := protowire.ConsumeTag(item)
		if length < 0 {
			return fmt.Errorf("an item: %w", protowire.ParseError(length))
		}
		item = item[length:]
		length = protowire.ConsumeFieldValue(number, kind, item)
		if length < 0 {
			return fmt.Errorf("an item: %w", protowire.ParseError(length))
		}
		if number == valueField && kind == protowire.BytesType {
			bytes, _ := protowire.ConsumeBytes(item)
			if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(bytes, value); err != nil {
				return err
			}
		}
		item = item[length:]
	}
	return nil
}
