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

// serveInTestMode prints the variable and serves until SIGTERM, so that the
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
		variable, err := contract.WriteVariable(reattach)
		if err != nil {
			return err
		}
		fmt.Println(variable)
	case <-closed:
		return errors.New("the plugin did not serve in test mode")
	}
	<-closed
	return nil
}
