package main

import (
	"reflect"
	"testing"
)

func TestACommandIsAWordAndItsNumbers(t *testing.T) {
	for line, want := range map[string]command{
		"launch":            {word: "launch"},
		"unary 32 64 10000": {"unary", []int{32, 64, 10000}},
		"up 1099511627776":  {"up", []int{1 << 40}},
		"flood 0":           {"flood", []int{0}},
	} {
		got, err := parse(line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v", line, got, err)
		}
	}
}

func TestWhatIsNoCommandIsRefused(t *testing.T) {
	for _, line := range []string{
		"", " ", "sing", "Launch", "launch 1", "launch ", "unary 32 1", "unary 32 1 2 3",
		"up", "up x", "up -1", "up +1", "up 1.5", "up  1", "up 99999999999999999999",
	} {
		if got, err := parse(line); err == nil {
			t.Errorf("%q: %v", line, got)
		}
	}
}
