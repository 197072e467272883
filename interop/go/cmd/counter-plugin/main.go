// Command counter-plugin serves the counter plugin: to add, it calls back
// into the host over a broker connection.
package main

import (
	"context"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/contract"
	"pintle.dev/interop/internal/counterpb"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: contract.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{
			contract.Version: {contract.Counter: &counterPlugin{}},
		},
		GRPCServer: plugin.DefaultGRPCServer,
	})
}

// counterPlugin is the plugin's half of the interface: it only serves.
type counterPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*counterPlugin) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	counterpb.RegisterCounterServer(server, newCounter(broker))
	return nil
}

func (*counterPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, errors.New("counter-plugin serves the plugin and never dispenses it")
}
