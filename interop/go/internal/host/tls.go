package host

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
)

// checkTLS compares what the connection is with what was asked for, so that
// a peer which quietly did without TLS fails the story.
func checkTLS(ctx context.Context, conn *grpc.ClientConn, want bool) error {
	var remote peer.Peer
	health := grpc_health_v1.NewHealthClient(conn)
	if _, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"}, grpc.Peer(&remote)); err != nil {
		return fmt.Errorf("health check: %w", err)
	}

	used, ok := remote.AuthInfo.(credentials.TLSInfo)
	if ok {
		state := used.State
		fmt.Fprintf(os.Stderr, "tls: %s, ALPN %q, peer key %s\n",
			tls.VersionName(state.Version), state.NegotiatedProtocol, state.PeerCertificates[0].PublicKeyAlgorithm)
	} else {
		fmt.Fprintln(os.Stderr, "tls: none")
	}
	if ok != want {
		return fmt.Errorf("TLS asked for: %t, in use: %t", want, ok)
	}
	return nil
}
