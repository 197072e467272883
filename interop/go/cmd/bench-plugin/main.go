// Command bench-plugin does what bench-host asks it to, over the protocol that
// the host has chosen by the version it offers.
package main

import (
	"math"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/bench"
	"pintle.dev/interop/internal/contract"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: contract.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{
			bench.VersionNetRPC: {bench.Name: &netRPCPlugin{}},
			bench.VersionGRPC:   {bench.Name: &grpcPlugin{}},
		},
		GRPCServer: newServer,
		// By default every line of trace is written, for the host to read.
		Logger: hclog.New(&hclog.LoggerOptions{
			Level:      hclog.Error,
			Output:     os.Stderr,
			JSONFormat: true,
		}),
	})
}

// newServer takes messages as long as the host's connections do; by default it
// would be 4 MiB.
func newServer(options []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(math.MaxInt32))...)
}
