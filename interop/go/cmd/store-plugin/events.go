package main

import (
	"io"
	"sort"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"pintle.dev/interop/internal/flow"
	"pintle.dev/interop/internal/flowpb"
	"pintle.dev/interop/internal/pintlepb"
	"pintle.dev/interop/internal/storepb"
)

// events are what a watch of that prefix gives, and what is to be done when it
// is let go.
func (s *store) events(prefix string) (next func() (*storepb.Event, error), closed func()) {
	closed = func() {}
	switch prefix {
	case "broken":
		given := false
		next = func() (*storepb.Event, error) {
			if given {
				return nil, &flow.Failure{Kind: flowpb.Kind_NOT_FOUND, Text: "gone"}
			}
			given = true
			return eventOf("broken", []byte("whole")), nil
		}
	case "endless":
		var done atomic.Bool
		closed = func() {
			done.Store(true)
			s.put(letGo, nil)
		}
		next = func() (*storepb.Event, error) {
			if done.Load() {
				return nil, io.EOF
			}
			return eventOf("endless", []byte("more")), nil
		}
	default:
		events := s.eventsBelow(prefix)
		next = func() (*storepb.Event, error) {
			if len(events) == 0 {
				return nil, io.EOF
			}
			event := events[0]
			events = events[1:]
			return event, nil
		}
	}
	return next, closed
}

func (s *store) eventsBelow(prefix string) []*storepb.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var events []*storepb.Event
	for key, value := range s.values {
		if strings.HasPrefix(key, prefix) {
			events = append(events, eventOf(key, value))
		}
	}
	sort.Slice(events, func(i, j int) bool { return events[i].GetKey() < events[j].GetKey() })
	return events
}

// eventOf is what the contract says of a value: short ones are text, empty
// ones were removed.
func eventOf(key string, value []byte) *storepb.Event {
	took := time.Duration(len(value)) * time.Millisecond
	origin := &storepb.Origin{Host: "shelf", Port: 7}
	event := &storepb.Event{
		Key:    key,
		Counts: map[string]int64{"bytes": int64(len(value))},
		Took:   durationpb.New(took),
		At:     timestamppb.New(time.Unix(86_400, 0).Add(took)),
		Origin: origin,
		Change: &storepb.Change{Is: &storepb.Change_Bytes{Bytes: value}},
		Via:    []*storepb.Origin{origin},
	}
	if len(value) == 0 {
		event.Kind = storepb.Kind_KIND_REMOVED
		event.Change.Is = &storepb.Change_Whole{Whole: &pintlepb.Nothing{}}
	} else if utf8.Valid(value) {
		event.Note = proto.String(string(value))
	}
	return event
}
