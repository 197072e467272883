// Command store-host launches a store plugin of any language, uses it as the
// .proto file says that was written from a Rust trait, and prints the
// transcript.
//
//	store-host --tls none|auto [--mux] [--flows] -- PLUGIN_PATH [ARGS…]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/contract"
	"pintle.dev/interop/internal/host"
	"pintle.dev/interop/internal/storepb"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "store-host: %s\n", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("store-host", flag.ContinueOnError)
	flows := flags.Bool("flows", false, "readers, writers and streams instead of calls")
	options, err := host.ParseOptions(flags, arguments)
	if err != nil {
		return err
	}
	session, err := host.Launch(options, map[int]plugin.PluginSet{
		contract.Version: {contract.Store: &storePlugin{}},
	})
	if err != nil {
		return host.TellRefusal(err)
	}
	defer session.Kill()
	if *flows && options.Mux {
		// On one connection a byte stream is no gRPC, and go-plugin's broker
		// dials nothing else.
		fmt.Println("refused: flows")
		return nil
	}

	dispensed, err := session.Client.Dispense(contract.Store)
	if err != nil {
		return err
	}
	store, ok := dispensed.(*store)
	if !ok {
		return fmt.Errorf("dispensed a %T", dispensed)
	}
	tell := store.tellCalls
	if *flows {
		tell = store.tellFlows
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*host.CallTimeout)
	defer cancel()
	if err := tell(ctx); err != nil {
		return err
	}
	fmt.Println(session.Close())
	return nil
}

// store is the dispensed plugin.
type store struct {
	broker *plugin.GRPCBroker
	client storepb.StoreClient
}

// storePlugin is the host's half of the interface: it only dispenses.
type storePlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*storePlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("store-host dispenses the plugin and never serves it")
}

func (*storePlugin) GRPCClient(_ context.Context, broker *plugin.GRPCBroker, conn *grpc.ClientConn) (interface{}, error) {
	return &store{broker: broker, client: storepb.NewStoreClient(conn)}, nil
}
