package main

import (
	"errors"
	"net"
	"net/rpc"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/bench"
)

// netRPCPlugin is the host's half of the interface over net/rpc: it only
// dispenses.
type netRPCPlugin struct{}

func (*netRPCPlugin) Server(*plugin.MuxBroker) (interface{}, error) {
	return nil, errors.New("bench-host dispenses the plugin and never serves it")
}

func (*netRPCPlugin) Client(broker *plugin.MuxBroker, client *rpc.Client) (interface{}, error) {
	return &netRPCBench{broker: broker, client: client}, nil
}

type netRPCBench struct {
	broker *plugin.MuxBroker
	client *rpc.Client
}

func (b *netRPCBench) echo(payload []byte) error {
	var answer bench.Payload
	if err := b.client.Call("Plugin.Echo", bench.Payload{Data: payload}, &answer); err != nil {
		return err
	}
	return expect("echo", len(payload), len(answer.Data))
}

func (b *netRPCBench) lend(rings int) error {
	id := b.broker.NextId()
	// Ends when the plugin hangs up.
	go b.broker.AcceptAndServe(id, netRPCBell{})
	return b.client.Call("Plugin.Call", bench.Visit{ID: id, Rings: rings}, &bench.Nothing{})
}

func (b *netRPCBench) up(bytes int) error {
	id := b.broker.NextId()
	var total int
	call := b.client.Go("Plugin.Up", id, &total, nil)
	if err := b.use(id, func(conn net.Conn) error { return bench.Send(conn, bytes) }); err != nil {
		return err
	}
	if err := (<-call.Done).Error; err != nil {
		return err
	}
	return expect("up", bytes, total)
}

func (b *netRPCBench) down(bytes int) error {
	id := b.broker.NextId()
	call := b.client.Go("Plugin.Down", bench.Transfer{ID: id, Bytes: bytes}, &bench.Nothing{}, nil)
	var total int
	if err := b.use(id, func(conn net.Conn) (err error) {
		total, err = bench.Receive(conn)
		return err
	}); err != nil {
		return err
	}
	if err := (<-call.Done).Error; err != nil {
		return err
	}
	return expect("down", bytes, total)
}

func (*netRPCBench) items(int) error {
	return missing("net/rpc has no streams")
}

func (b *netRPCBench) print(bytes int) error {
	return b.client.Call("Plugin.Flood", bytes, &bench.Nothing{})
}

// use accepts the connection id, and closes it after use.
func (b *netRPCBench) use(id uint32, use func(net.Conn) error) error {
	conn, err := b.broker.Accept(id)
	if err != nil {
		return err
	}
	return errors.Join(use(conn), conn.Close())
}

// netRPCBell is what the host lends.
type netRPCBell struct{}

func (netRPCBell) Ring(payload bench.Payload, answer *bench.Payload) error {
	answer.Data = payload.Data
	return nil
}
