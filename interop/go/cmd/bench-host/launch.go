package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/bench"
	"pintle.dev/interop/internal/contract"
)

// variant is one way to use go-plugin.
type variant struct {
	protocol plugin.Protocol
	version  int
	plugin   plugin.Plugin
	tls, mux bool
}

var variants = map[string]variant{
	"go-grpc":       grpcVariant(false, false),
	"go-grpc-tls":   grpcVariant(true, false),
	"go-grpc-mux":   grpcVariant(false, true),
	"go-netrpc":     netRPCVariant(false),
	"go-netrpc-tls": netRPCVariant(true),
}

func grpcVariant(tls, mux bool) variant {
	return variant{plugin.ProtocolGRPC, bench.VersionGRPC, &grpcPlugin{}, tls, mux}
}

func netRPCVariant(tls bool) variant {
	return variant{plugin.ProtocolNetRPC, bench.VersionNetRPC, &netRPCPlugin{}, tls, false}
}

// launch is a plugin process that has been launched and dispensed from.
type launch struct {
	bench  dispensed
	pid    int
	stdout *arrivals
}

func (v variant) launch() (*launch, error) {
	program, err := beside("bench-plugin")
	if err != nil {
		return nil, err
	}
	command := exec.Command(program)
	stdout := &arrivals{}
	config := &plugin.ClientConfig{
		HandshakeConfig:  contract.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{v.version: {bench.Name: v.plugin}},
		Cmd:              command,
		AllowedProtocols: []plugin.Protocol{v.protocol},
		AutoMTLS:         v.tls,
		Managed:          true,
		SyncStdout:       stdout,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: os.Stderr}),
	}
	if v.mux {
		if err := multiplex(config); err != nil {
			return nil, err
		}
	}
	protocol, err := plugin.NewClient(config).Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense(bench.Name)
	if err != nil {
		return nil, err
	}
	dispensed, ok := raw.(dispensed)
	if !ok {
		return nil, fmt.Errorf("dispensed a %T", raw)
	}
	return &launch{bench: dispensed, pid: command.Process.Pid, stdout: stdout}, nil
}

// flood has the plugin print, and returns once all of it has arrived here.
func (l *launch) flood(bytes int) error {
	arrived := l.stdout.after(bytes)
	if err := l.bench.print(bytes); err != nil {
		return err
	}
	<-arrived
	return nil
}

func beside(name string) (string, error) {
	own, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(own), name+filepath.Ext(own)), nil
}
