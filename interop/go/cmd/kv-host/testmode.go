package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/contract"
	"pintle.dev/interop/internal/host"
	"pintle.dev/interop/internal/kvpb"
)

// maxTokenBytes bounds the line that the plugin prints.
const maxTokenBytes = 64 << 10

// tellTestMode starts the plugin as any program, visits it by the token it
// prints, and ends it as any program. It is without TLS, whatever options say.
func tellTestMode(options host.Options) error {
	ctx, cancel := context.WithTimeout(context.Background(), host.CallTimeout)
	defer cancel()
	// Killed when the time is over.
	child := exec.CommandContext(ctx, options.Plugin[0], options.Plugin[1:]...)
	child.Stderr = os.Stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	if err := visitInTestMode(ctx, stdout); err != nil {
		cancel()
		_ = child.Wait()
		return err
	}

	// It fails where visiting has ended the plugin after all.
	if err := child.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("SIGTERM: %w", err)
	}
	if err := child.Wait(); err != nil {
		return fmt.Errorf("the plugin in test mode ended badly: %w", err)
	}
	fmt.Println("exit: clean")
	return nil
}

func visitInTestMode(ctx context.Context, stdout io.Reader) error {
	config, err := readToken(stdout)
	if err != nil {
		return err
	}
	if err := visit(config, func(_ *host.Session, kv kvpb.KVClient) error {
		return put(ctx, kv, "hello", []byte("world"))
	}); err != nil {
		return err
	}
	fmt.Println("first visit: put hello = world")

	if err := visit(config, func(_ *host.Session, kv kvpb.KVClient) error {
		value, err := get(ctx, kv, "hello")
		if err == nil {
			fmt.Printf("second visit: get hello = %s\n", value)
		}
		return err
	}); err != nil {
		return err
	}

	return visit(config, func(session *host.Session, _ kvpb.KVClient) error {
		err := session.Client.Ping()
		if err == nil {
			fmt.Println("third visit: ping: ok")
		}
		return err
	})
}

func readToken(stdout io.Reader) (*plugin.ReattachConfig, error) {
	line, err := bufio.NewReader(io.LimitReader(stdout, maxTokenBytes)).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("no token on stdout but %q: %w", line, err)
	}
	config, err := contract.ReadVariable(strings.TrimSuffix(line, "\n"))
	if err == nil && !config.Test {
		return nil, fmt.Errorf("token %q is of no plugin in test mode", line)
	}
	return config, err
}
