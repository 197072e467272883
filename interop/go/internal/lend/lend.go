// Package lend serves to the other side of a session what an interface's
// messages name by a broker id: services that are called, and byte streams.
package lend

import (
	"fmt"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// Served is a service that the other side can dial.
type Served struct {
	// ID is what goes into a message.
	ID     uint32
	server *grpc.Server
	ended  <-chan struct{}
}

// Serve serves what register adds under a fresh id, and returns once it is
// announced.
func Serve(broker *plugin.GRPCBroker, register func(*grpc.Server)) (*Served, error) {
	id := broker.NextId()
	made := make(chan *grpc.Server, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		broker.AcceptAndServe(id, func(options []grpc.ServerOption) *grpc.Server {
			server := grpc.NewServer(options...)
			register(server)
			made <- server
			return server
		})
	}()
	select {
	case server := <-made:
		return &Served{ID: id, server: server, ended: ended}, nil
	case <-ended:
		// The library prints the reason on stderr and does not return it.
		return nil, fmt.Errorf("broker id %d was not accepted", id)
	}
}

// Stop takes it back at once, and may be called again.
func (s *Served) Stop() {
	s.server.Stop()
	<-s.ended
}

// finish ends it after the calls under way.
func (s *Served) finish() {
	s.server.GracefulStop()
	<-s.ended
}
