//go:build !nomux

package main

import "github.com/hashicorp/go-plugin"

// multiplex asks for everything on one connection.
func multiplex(config *plugin.ClientConfig) error {
	config.GRPCBrokerMultiplex = true
	return nil
}
