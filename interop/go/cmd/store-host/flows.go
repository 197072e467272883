package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"pintle.dev/interop/internal/flow"
	"pintle.dev/interop/internal/flowpb"
	"pintle.dev/interop/internal/storepb"
)

const bigBytes = 1_000_000

// tellFlows is about readers, writers and streams, in both directions.
func (s *store) tellFlows(ctx context.Context) error {
	for _, tell := range []func(context.Context) error{s.tellImport, s.tellExport, s.tellWatch, s.tellFeed} {
		if err := tell(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) tellImport(ctx context.Context) error {
	progress := &progress{enough: math.MaxUint64}
	count, err := s.importFrom(ctx, "big", bytes.NewReader(big()), progress)
	if err != nil {
		return err
	}
	fmt.Printf("import big = %d bytes, told of %s\n", count, progress.text())
	count, err = s.importFrom(ctx, "a/2", strings.NewReader(""), nil)
	if err != nil {
		return err
	}
	fmt.Printf("import nothing = %d bytes\n", count)
	refused := &flow.Failure{Kind: flowpb.Kind_PERMISSION_DENIED, Text: "not yours"}
	half := io.MultiReader(strings.NewReader("half"), failing{refused})
	_, err = s.importFrom(ctx, "half", half, nil)
	fmt.Printf("import broken: %s\n", describe(err))
	return nil
}

func (s *store) importFrom(ctx context.Context, key string, body io.Reader, progress *progress) (uint64, error) {
	request := &storepb.StoreImportRequest{Key: key}
	if progress != nil {
		lent, err := progress.lend(s)
		if err != nil {
			return 0, err
		}
		defer lent.Stop()
		request.Progress = &lent.ID
	}
	lent, err := flow.LendReader(s.broker, io.NopCloser(body))
	if err != nil {
		return 0, err
	}
	defer lent.Stop()
	request.Body = lent.ID
	imported, err := s.client.Import(ctx, request)
	return imported.GetValue(), err
}

func (s *store) tellExport(ctx context.Context) error {
	var found buffer
	if err := s.exportTo(ctx, "big", &found); err != nil {
		return err
	}
	same := "others"
	if found.closed && bytes.Equal(found.Bytes(), big()) {
		same = "the same"
	}
	fmt.Printf("export big = %d bytes, %s\n", found.Len(), same)
	fmt.Printf("export missing: %s\n", describe(s.exportTo(ctx, "missing", &buffer{})))
	full := failing{&flow.Failure{Kind: flowpb.Kind_STORAGE_FULL, Text: "no room"}}
	fmt.Printf("export refused: %s\n", describe(s.exportTo(ctx, "big", full)))
	return nil
}

func (s *store) exportTo(ctx context.Context, key string, sink io.WriteCloser) error {
	lent, err := flow.LendWriter(s.broker, sink)
	if err != nil {
		return err
	}
	defer lent.Stop()
	_, err = s.client.Export(ctx, &storepb.StoreExportRequest{Key: key, To: lent.ID})
	return err
}

func (s *store) tellWatch(ctx context.Context) error {
	if _, err := s.client.Put(ctx, &storepb.StorePutRequest{Key: "a/1", Value: []byte("one")}); err != nil {
		return err
	}
	err := s.watch(ctx, "a/", func(event *storepb.Event) bool {
		fmt.Printf("watch %s\n", text(event))
		return true
	})
	if err != nil {
		return err
	}

	count := 0
	err = s.watch(ctx, "broken", func(*storepb.Event) bool { count++; return true })
	var failure *flow.Failure
	if !errors.As(err, &failure) || failure.Kind != flowpb.Kind_NOT_FOUND {
		return fmt.Errorf("no failure but %v", err)
	}
	fmt.Printf("watch broken: %d event, then NotFound %s\n", count, failure.Text)

	count = 0
	if err := s.watch(ctx, "endless", func(*storepb.Event) bool { count++; return count < 3 }); err != nil {
		return err
	}
	for {
		if _, err := s.client.Get(ctx, &storepb.StoreGetRequest{Key: "let go"}); err == nil {
			break
		}
		if ctx.Err() != nil {
			return fmt.Errorf("the endless events were not let go: %w", ctx.Err())
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Printf("watch endless: %d events, then let go\n", count)
	return nil
}

// watch gives each event until one is enough.
func (s *store) watch(ctx context.Context, prefix string, each func(*storepb.Event) bool) error {
	watched, err := s.client.Watch(ctx, &storepb.StoreWatchRequest{Prefix: prefix})
	if err != nil {
		return err
	}
	events, err := flow.BorrowValues[*storepb.Event](ctx, s.broker, watched.GetValue())
	if err != nil {
		return err
	}
	defer events.Close()
	for {
		event, err := events.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !each(event) {
			return nil
		}
	}
}

func (s *store) tellFeed(ctx context.Context) error {
	count, err := s.feed(ctx, io.EOF, fed("fed", "one"), fed("fed", "two"), fed("fed", "three"))
	if err != nil {
		return err
	}
	last, err := s.client.Get(ctx, &storepb.StoreGetRequest{Key: "fed"})
	if err != nil {
		return err
	}
	fmt.Printf("feed = %d events, the last %s\n", count, last.GetValue())
	late := &flow.Failure{Kind: flowpb.Kind_TIMED_OUT, Text: "too late"}
	_, err = s.feed(ctx, late, fed("early", "in time"))
	fmt.Printf("feed broken: %s\n", describe(err))
	return nil
}

// feed gives the events, and then that end.
func (s *store) feed(ctx context.Context, end error, events ...*storepb.Event) (uint64, error) {
	next := func() (*storepb.Event, error) {
		if len(events) == 0 {
			return nil, end
		}
		event := events[0]
		events = events[1:]
		return event, nil
	}
	lent, err := flow.LendValues(s.broker, next, func() {})
	if err != nil {
		return 0, err
	}
	defer lent.Stop()
	count, err := s.client.Feed(ctx, &storepb.StoreFeedRequest{Events: lent.ID})
	return count.GetValue(), err
}

func fed(key, value string) *storepb.Event {
	return &storepb.Event{
		Key:    key,
		Origin: &storepb.Origin{Host: "host"},
		Change: &storepb.Change{Is: &storepb.Change_Bytes{Bytes: []byte(value)}},
	}
}

// big is bytes that a lost, doubled or misplaced piece would change.
func big() []byte {
	bytes := make([]byte, bigBytes)
	for index := range bytes {
		bytes[index] = byte(index % 251)
	}
	return bytes
}

// buffer is a sink that knows whether it was closed.
type buffer struct {
	bytes.Buffer
	closed bool
}

func (b *buffer) Close() error {
	b.closed = true
	return nil
}

// failing gives nothing and takes nothing.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }
func (f failing) Close() error              { return f.err }
