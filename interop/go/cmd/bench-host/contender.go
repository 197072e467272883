package main

import (
	"errors"
	"fmt"
	"time"

	"pintle.dev/interop/internal/bench"
)

// contender is a variant and the plugins launched with it.
type contender struct {
	variant variant
	// first is the plugin that all commands use, nil until it is launched. The
	// others only live.
	first *launch
}

func newContender(name string) (*contender, error) {
	variant, ok := variants[name]
	if !ok {
		return nil, fmt.Errorf("no such contender: %s", name)
	}
	return &contender{variant: variant}, nil
}

// obey does what a line says, and gives the answer. An error is an answer, too,
// and the last.
func (c *contender) obey(line string) (any, error) {
	command, err := parse(line)
	if err != nil {
		return nil, err
	}
	answer, err := c.do(command)
	var missing missing
	if errors.As(err, &missing) {
		return absent{missing.Error()}, nil
	}
	return answer, err
}

func (c *contender) do(command command) (any, error) {
	if command.word == "launch" {
		return c.launch()
	}
	if c.first == nil {
		return nil, errors.New("nothing is launched yet")
	}
	numbers := command.numbers
	switch command.word {
	case "unary":
		payload := make([]byte, numbers[0])
		return timed(func() error { return unary(c.first.bench, payload, numbers[1], numbers[2]) })
	case "callback":
		return timed(func() error { return c.first.bench.lend(numbers[0]) })
	case "dial":
		return timed(func() error { return dial(c.first.bench, numbers[0]) })
	case "up":
		return timed(func() error { return c.first.bench.up(numbers[0]) })
	case "down":
		return timed(func() error { return c.first.bench.down(numbers[0]) })
	case "items":
		return timed(func() error { return c.first.bench.items(numbers[0]) })
	case "flood":
		return timed(func() error { return c.first.flood(numbers[0]) })
	default:
		return nil, fmt.Errorf("%s is parsed and not obeyed", command.word)
	}
}

// launch launches one more plugin, and has it echo once.
func (c *contender) launch() (any, error) {
	began := time.Now()
	launch, err := c.variant.launch()
	if err != nil {
		return nil, err
	}
	if err := launch.bench.echo(make([]byte, bench.SmallBytes)); err != nil {
		return nil, err
	}
	answer := launched{NS: time.Since(began), PID: launch.pid}
	if c.first == nil {
		c.first = launch
	}
	return answer, nil
}

func timed(do func() error) (any, error) {
	began := time.Now()
	if err := do(); err != nil {
		return nil, err
	}
	return took{time.Since(began)}, nil
}
