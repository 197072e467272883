package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/contract"
)

// serveInTestMode prints the token and serves until SIGTERM, so that the
// socket is removed.
func serveInTestMode(config *plugin.ServeConfig) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ready := make(chan *plugin.ReattachConfig, 1)
	closed := make(chan struct{})
	config.Test = &plugin.ServeTestConfig{Context: ctx, ReattachConfigCh: ready, CloseCh: closed}
	go plugin.Serve(config)

	select {
	case reattach := <-ready:
		token, err := contract.WriteToken(reattach)
		if err != nil {
			return err
		}
		fmt.Printf("%s\n", token)
	case <-closed:
		return errors.New("the plugin did not serve in test mode")
	}
	<-closed
	return nil
}
