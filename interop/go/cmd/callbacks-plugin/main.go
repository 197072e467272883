// Command callbacks-plugin serves the callbacks plugin: it dials broker ids of
// its host, and serves ids of its own to it.
package main

import (
	"context"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/callbackspb"
	"pintle.dev/interop/internal/contract"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: contract.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{
			contract.Version: {contract.Callbacks: &callbacksPlugin{}},
		},
		GRPCServer: plugin.DefaultGRPCServer,
	})
}

// callbacksPlugin is the plugin's half of the interface: it only serves.
type callbacksPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*callbacksPlugin) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	callbackspb.RegisterCallbacksServer(server, newCallbacks(broker))
	return nil
}

func (*callbacksPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, errors.New("callbacks-plugin serves the plugin and never dispenses it")
}
