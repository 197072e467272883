// Command counter-host launches a counter plugin of any language, adds up
// three numbers with it and prints the transcript.
//
//	counter-host --tls none|auto [--mux] -- PLUGIN_PATH [ARGS…]
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
	"pintle.dev/interop/internal/counterpb"
	"pintle.dev/interop/internal/host"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "counter-host: %s\n", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	options, err := host.ParseOptions(flag.NewFlagSet("counter-host", flag.ContinueOnError), arguments)
	if err != nil {
		return err
	}
	session, err := host.Launch(options, map[int]plugin.PluginSet{
		contract.Version: {contract.Counter: &counterPlugin{}},
	})
	if err != nil {
		return host.TellRefusal(err)
	}
	defer session.Kill()

	dispensed, err := session.Client.Dispense(contract.Counter)
	if err != nil {
		return err
	}
	counter, ok := dispensed.(*counter)
	if !ok {
		return fmt.Errorf("dispensed a %T", dispensed)
	}
	if err := tell(counter); err != nil {
		return err
	}
	fmt.Println(session.Close())
	return nil
}

// tell makes the plugin come back to the host once for each number.
func tell(counter *counter) error {
	ctx, cancel := context.WithTimeout(context.Background(), host.CallTimeout)
	defer cancel()
	for _, value := range []int64{1, 2, 3} {
		if err := counter.put(ctx, "n", value); err != nil {
			return err
		}
		fmt.Printf("put n + %d\n", value)
	}
	sum, err := counter.get(ctx, "n")
	if err != nil {
		return err
	}
	fmt.Printf("counter n = %d\n", sum)
	fmt.Printf("helper calls: %d\n", counter.helper.calls.Load())
	return nil
}

// counterPlugin is the host's half of the interface: it only dispenses.
type counterPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*counterPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("counter-host dispenses the plugin and never serves it")
}

func (*counterPlugin) GRPCClient(_ context.Context, broker *plugin.GRPCBroker, conn *grpc.ClientConn) (interface{}, error) {
	return &counter{broker: broker, client: counterpb.NewCounterClient(conn)}, nil
}
