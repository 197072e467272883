//go:build !nomux

package host

import (
	"errors"

	"github.com/hashicorp/go-plugin"
)

// multiplex asks for everything on one connection.
func multiplex(config *plugin.ClientConfig) error {
	config.GRPCBrokerMultiplex = true
	return nil
}

func isMuxRefusal(err error) bool {
	return errors.Is(err, plugin.ErrGRPCBrokerMuxNotSupported)
}
