package main

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"pintle.dev/interop/internal/storepb"
)

// text is an event in the transcript's words.
func text(event *storepb.Event) string {
	kind := "Put"
	if event.GetKind() == storepb.Kind_KIND_REMOVED {
		kind = "Removed"
	}
	note := "none"
	if event.Note != nil {
		note = fmt.Sprintf("%q", event.GetNote())
	}
	var counts, via []string
	for name, count := range event.GetCounts() {
		counts = append(counts, fmt.Sprintf("%s=%d", name, count))
	}
	sort.Strings(counts)
	for _, origin := range event.GetVia() {
		via = append(via, originText(origin))
	}
	return fmt.Sprintf("%q %s, note %s, counts %s, took %d, at %d, from %s, %s, via %s",
		event.GetKey(), kind, note, list(counts), event.GetTook().AsDuration().Nanoseconds(),
		event.GetAt().AsTime().UnixNano(), originText(event.GetOrigin()), changeText(event.GetChange()), list(via))
}

func list(texts []string) string {
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, " ")
}

func originText(origin *storepb.Origin) string {
	return fmt.Sprintf("%s:%d", origin.GetHost(), origin.GetPort())
}

func changeText(change *storepb.Change) string {
	switch is := change.GetIs().(type) {
	case *storepb.Change_Whole:
		return "whole"
	case *storepb.Change_Bytes:
		return fmt.Sprintf("bytes %q", is.Bytes)
	case *storepb.Change_Range:
		if is.Range.To == nil {
			return fmt.Sprintf("range %d..", is.Range.GetFrom())
		}
		return fmt.Sprintf("range %d..%d", is.Range.GetFrom(), is.Range.GetTo())
	default:
		return "no change"
	}
}

// full has something in every field, and what is easily lost: nothing that is
// there, and time before zero.
func full() *storepb.Event {
	return &storepb.Event{
		Key:    "full",
		Kind:   storepb.Kind_KIND_REMOVED,
		Note:   proto.String(""),
		Counts: map[string]int64{"down": -3, "none": 0},
		Took:   durationpb.New(time.Second + 5),
		At:     timestamppb.New(time.Unix(0, -1_500_000_000)),
		Origin: &storepb.Origin{Host: "here", Port: 65_535},
		Change: &storepb.Change{Is: &storepb.Change_Range{
			Range: &storepb.ChangeRange{From: 0, To: proto.Uint64(0)},
		}},
		Via: []*storepb.Origin{{Host: "a", Port: 1}, {}},
	}
}

// empty leaves out what can be left out: all but what has no zero.
func empty() *storepb.Event {
	return &storepb.Event{
		Change: &storepb.Change{Is: &storepb.Change_Range{Range: &storepb.ChangeRange{From: 3}}},
	}
}
