package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/broker"
	"pintle.dev/interop/internal/callbackspb"
	"pintle.dev/interop/internal/host"
)

// times is how often each side dials, one after the other and many at once.
const times = 100

// callbacks is the dispensed plugin.
type callbacks struct {
	broker *plugin.GRPCBroker
	client callbackspb.CallbacksClient
}

// tell has the plugin dial the host, and the host the plugin.
func (c *callbacks) tell(atOnce int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*host.CallTimeout)
	defer cancel()
	for _, each := range []struct {
		who  string
		dial func(context.Context) error
	}{
		{"plugin", c.letPluginDial},
		{"host", c.dialPlugin},
	} {
		if err := repeat(ctx, 1, each.dial); err != nil {
			return err
		}
		fmt.Printf("the %s dialled %d times\n", each.who, times)
		if err := repeat(ctx, atOnce, each.dial); err != nil {
			return err
		}
		fmt.Printf("the %s dialled %d times, %d at once\n", each.who, times, atOnce)
	}
	return nil
}

// letPluginDial serves an Echo which the plugin dials.
func (c *callbacks) letPluginDial(ctx context.Context) error {
	id := c.broker.NextId()
	stop, err := broker.Serve(c.broker, id)
	if err != nil {
		return err
	}
	defer stop()
	answer, err := c.client.Dial(ctx, &callbackspb.Id{Id: id})
	if err != nil {
		return fmt.Errorf("the plugin dials %d: %w", id, err)
	}
	return expect("plugin", id, answer.GetId())
}

// dialPlugin dials an Echo which the plugin serves.
func (c *callbacks) dialPlugin(ctx context.Context) error {
	served, err := c.client.Serve(ctx, &callbackspb.Empty{})
	if err != nil {
		return fmt.Errorf("the plugin serves: %w", err)
	}
	answer, err := broker.Ask(ctx, c.broker, served.GetId())
	if err != nil {
		return err
	}
	if _, err := c.client.End(ctx, served); err != nil {
		return fmt.Errorf("the plugin ends what it serves: %w", err)
	}
	return expect("host", served.GetId(), answer)
}

func expect(who string, id, answer uint32) error {
	if answer != id {
		return fmt.Errorf("the %s dialled broker id %d and was led to %d", who, id, answer)
	}
	return nil
}

// repeat does something so many times, with so many at once, and returns the
// first error.
func repeat(ctx context.Context, atOnce int, do func(context.Context) error) error {
	turns := make(chan struct{}, times)
	for range times {
		turns <- struct{}{}
	}
	close(turns)
	results := make(chan error, atOnce)
	for range atOnce {
		go func() {
			for range turns {
				if err := do(ctx); err != nil {
					results <- err
					return
				}
			}
			results <- nil
		}()
	}
	var first error
	for range atOnce {
		if err := <-results; err != nil && first == nil {
			first = err
		}
	}
	return first
}
