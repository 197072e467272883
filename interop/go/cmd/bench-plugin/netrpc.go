package main

import (
	"errors"
	"net/rpc"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/bench"
)

// netRPCPlugin is the plugin's half of the interface over net/rpc: it only
// serves.
type netRPCPlugin struct{}

func (*netRPCPlugin) Server(broker *plugin.MuxBroker) (interface{}, error) {
	return &netRPCBench{broker: broker}, nil
}

func (*netRPCPlugin) Client(*plugin.MuxBroker, *rpc.Client) (interface{}, error) {
	return nil, errors.New("bench-plugin serves the plugin and never dispenses it")
}

// netRPCBench has the methods that net/rpc finds by their names.
type netRPCBench struct {
	broker *plugin.MuxBroker
}

func (*netRPCBench) Echo(payload bench.Payload, answer *bench.Payload) error {
	answer.Data = payload.Data
	return nil
}

// Call dials what the host serves, rings, hangs up.
func (b *netRPCBench) Call(visit bench.Visit, _ *bench.Nothing) error {
	conn, err := b.broker.Dial(visit.ID)
	if err != nil {
		return err
	}
	bell := rpc.NewClient(conn)
	defer func() { _ = bell.Close() }()

	payload := bench.Payload{Data: make([]byte, bench.SmallBytes)}
	for range visit.Rings {
		var answer bench.Payload
		if err := bell.Call("Plugin.Ring", payload, &answer); err != nil {
			return err
		}
	}
	return nil
}

// Up answers with how much has arrived on the connection id.
func (b *netRPCBench) Up(id uint32, total *int) error {
	conn, err := b.broker.Dial(id)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	*total, err = bench.Receive(conn)
	return err
}

// Down ends the connection after so many bytes.
func (b *netRPCBench) Down(transfer bench.Transfer, _ *bench.Nothing) error {
	conn, err := b.broker.Dial(transfer.ID)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return bench.Send(conn, transfer.Bytes)
}

// Flood prints so much to stdout.
func (*netRPCBench) Flood(bytes int, _ *bench.Nothing) error {
	return flood(bytes)
}
