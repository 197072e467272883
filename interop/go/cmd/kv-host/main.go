// Command kv-host launches a key-value plugin of any language, tells one
// story with it and prints the transcript.
//
//	kv-host --story STORY --tls none|auto [--mux] [--versions 2,3] -- PLUGIN_PATH [ARGS…]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"pintle.dev/interop/internal/contract"
	"pintle.dev/interop/internal/host"
	"pintle.dev/interop/internal/kvpb"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "kv-host: %s\n", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("kv-host", flag.ContinueOnError)
	name := flags.String("story", "kv", strings.Join(contract.Stories, ", "))
	list := flags.String("versions", "2,3", "app versions to offer in the story negotiated")
	options, err := host.ParseOptions(flags, arguments)
	if err != nil {
		return err
	}
	story, ok := stories[*name]
	if !ok {
		return fmt.Errorf("no story %q, only %s", *name, strings.Join(contract.Stories, ", "))
	}
	switch {
	case *name == "test-mode":
		return tellTestMode(options)
	case *name == "reattach" && !host.CanReattach(options):
		fmt.Println("refused: reattach")
		return nil
	}
	versions := []int{contract.Version}
	if *name == "negotiated" {
		if versions, err = parseVersions(*list); err != nil {
			return err
		}
	}

	session, err := host.Launch(options, pluginSets(versions))
	if errors.Is(err, host.ErrVersionRefused) && *name == "negotiated" {
		fmt.Fprintln(os.Stderr, err)
		fmt.Println("refused: version")
		return nil
	}
	if err != nil {
		return host.TellRefusal(err)
	}
	defer session.Kill()
	return tell(story, session)
}

// tell runs a story and closes its transcript with how the plugin ended.
func tell(story story, session *host.Session) error {
	kv, err := dispense(session)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), host.CallTimeout)
	defer cancel()
	if err := story.tell(ctx, session, kv); err != nil {
		return err
	}
	fmt.Println(story.end(session))
	return nil
}

func dispense(session *host.Session) (kvpb.KVClient, error) {
	dispensed, err := session.Client.Dispense(contract.KV)
	if err != nil {
		return nil, err
	}
	kv, ok := dispensed.(kvpb.KVClient)
	if !ok {
		return nil, fmt.Errorf("dispensed a %T", dispensed)
	}
	return kv, nil
}

func parseVersions(list string) ([]int, error) {
	var versions []int
	for _, word := range strings.Split(list, ",") {
		version, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("--versions %q: %w", list, err)
		}
		versions = append(versions, version)
	}
	return versions, nil
}

// pluginSets offers the same interface in every version.
func pluginSets(versions []int) map[int]plugin.PluginSet {
	sets := make(map[int]plugin.PluginSet)
	for _, version := range versions {
		sets[version] = plugin.PluginSet{contract.KV: &kvPlugin{}}
	}
	return sets
}

// kvPlugin is the host's half of the interface: it only dispenses.
type kvPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*kvPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("kv-host dispenses the plugin and never serves it")
}

func (*kvPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (interface{}, error) {
	return kvpb.NewKVClient(conn), nil
}
