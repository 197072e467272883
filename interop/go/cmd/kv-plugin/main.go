// Command kv-plugin serves the key-value plugin of the interop stories.
//
//	kv-plugin [STORY]
//
// The story decides which app versions are served. In test-mode the plugin is
// not launched by a host: it prints a token on stdout and serves until SIGTERM.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/contract"
	"pintle.dev/interop/internal/kvpb"
)

func main() {
	story := "kv"
	if len(os.Args) > 1 {
		story = os.Args[1]
	}
	if len(os.Args) > 2 || !slices.Contains(contract.Stories, story) {
		fmt.Fprintf(os.Stderr, "usage: kv-plugin [STORY], a story being one of %v\n", contract.Stories)
		os.Exit(2)
	}

	// Made before Serve takes over os.Stderr, so that log lines reach the
	// real one, where a host looks for them.
	log := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})

	config := &plugin.ServeConfig{
		HandshakeConfig:  contract.Handshake,
		VersionedPlugins: versions(story, log),
		GRPCServer:       plugin.DefaultGRPCServer,
		Logger:           log,
	}
	if story != "test-mode" {
		plugin.Serve(config)
	} else if err := serveInTestMode(config); err != nil {
		fmt.Fprintf(os.Stderr, "kv-plugin: %s\n", err)
		os.Exit(1)
	}
}

// versions says what is served in a story, by app version.
func versions(story string, log hclog.Logger) map[int]plugin.PluginSet {
	if story != "negotiated" {
		return map[int]plugin.PluginSet{
			contract.Version: {contract.KV: &kvPlugin{store: newStore("", log)}},
		}
	}
	served := make(map[int]plugin.PluginSet)
	for _, version := range contract.NegotiatedVersions {
		suffix := fmt.Sprintf(" (v%d)", version)
		served[version] = plugin.PluginSet{contract.KV: &kvPlugin{store: newStore(suffix, log)}}
	}
	return served
}

// kvPlugin is the plugin's half of the interface: it only serves.
type kvPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	store *store
}

func (p *kvPlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	kvpb.RegisterKVServer(server, p.store)
	return nil
}

func (p *kvPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, errors.New("kv-plugin serves the plugin and never dispenses it")
}
