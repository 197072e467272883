// Command callbacks-host launches a callbacks plugin of any language, has each
// side dial the other through the broker and prints the transcript.
//
//	callbacks-host --tls none|auto [--mux] [--at-once 16] -- PLUGIN_PATH [ARGS…]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/callbackspb"
	"pintle.dev/interop/internal/contract"
	"pintle.dev/interop/internal/host"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "callbacks-host: %s\n", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("callbacks-host", flag.ContinueOnError)
	atOnce := flags.Int("at-once", 16, "how many dials at once, where there are many")
	options, err := host.ParseOptions(flags, arguments)
	if err != nil {
		return err
	}
	session, err := host.Launch(options, map[int]plugin.PluginSet{
		contract.Version: {contract.Callbacks: &callbacksPlugin{}},
	})
	if err != nil {
		return host.TellRefusal(err)
	}
	defer session.Kill()

	dispensed, err := session.Client.Dispense(contract.Callbacks)
	if err != nil {
		return err
	}
	callbacks, ok := dispensed.(*callbacks)
	if !ok {
		return fmt.Errorf("dispensed a %T", dispensed)
	}
	if err := callbacks.tell(*atOnce); err != nil {
		return err
	}
	fmt.Println(session.Close())
	return nil
}

// callbacksPlugin is the host's half of the interface: it only dispenses.
type callbacksPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*callbacksPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("callbacks-host dispenses the plugin and never serves it")
}

func (*callbacksPlugin) GRPCClient(_ context.Context, broker *plugin.GRPCBroker, conn *grpc.ClientConn) (interface{}, error) {
	return &callbacks{broker: broker, client: callbackspb.NewCallbacksClient(conn)}, nil
}
