package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/contract"
	"pintle.dev/interop/internal/host"
	"pintle.dev/interop/internal/kvpb"
)

// tellReattach leaves the plugin and comes back to it by its token, which is
// written and read on the way.
func tellReattach(ctx context.Context, session *host.Session, kv kvpb.KVClient) error {
	if err := put(ctx, kv, "hello", []byte("world")); err != nil {
		return err
	}
	fmt.Println("put hello = world")
	launched, err := get(ctx, kv, "pid")
	if err != nil {
		return err
	}

	config, err := session.Leave()
	if err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	if _, err := get(ctx, kv, "hello"); err == nil {
		return errors.New("the session that was left still takes calls")
	}
	text, err := contract.WriteToken(config)
	if err != nil {
		return err
	}
	if config, err = contract.ReadToken(text); err != nil {
		return err
	}

	return visit(config, func(again *host.Session, kv kvpb.KVClient) error {
		found, err := get(ctx, kv, "pid")
		if err != nil {
			return err
		}
		if !bytes.Equal(launched, found) {
			return fmt.Errorf("launched process %s, reattached to %s", launched, found)
		}
		fmt.Println("reattached to the same process")
		value, err := get(ctx, kv, "hello")
		if err != nil {
			return err
		}
		fmt.Printf("get hello = %s\n", value)
		return nil
	})
}

// visit reattaches, does what it is given to do, and closes.
func visit(config *plugin.ReattachConfig, do func(*host.Session, kvpb.KVClient) error) error {
	session, err := host.Reattach(config, pluginSets([]int{contract.Version})[contract.Version])
	if err != nil {
		return fmt.Errorf("reattach: %w", err)
	}
	// In test mode it ends nothing, not even the connection.
	defer session.Client.Conn.Close()
	defer session.Kill()
	kv, err := dispense(session)
	if err != nil {
		return err
	}
	return do(session, kv)
}
