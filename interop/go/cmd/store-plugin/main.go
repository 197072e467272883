// Command store-plugin serves the store plugin: what a Rust trait asks for,
// from the .proto file that was written from it.
package main

import (
	"context"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/contract"
	"pintle.dev/interop/internal/storepb"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: contract.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{
			contract.Version: {contract.Store: &storePlugin{}},
		},
		GRPCServer: plugin.DefaultGRPCServer,
	})
}

// storePlugin is the plugin's half of the interface: it only serves.
type storePlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*storePlugin) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	storepb.RegisterStoreServer(server, newStore(broker))
	return nil
}

func (*storePlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, errors.New("store-plugin serves the plugin and never dispenses it")
}
