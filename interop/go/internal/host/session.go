// Package host launches a plugin for a story and says how it ended.
package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/contract"
)

// Session is one plugin process, launched and connected.
type Session struct {
	// Client speaks to the plugin.
	Client *plugin.GRPCClient
	// Version is the app version that was negotiated.
	Version int
	// Stdout and Stderr hold what the plugin wrote after its handshake.
	Stdout, Stderr *Capture
	// Logs are the lines that came through the host's logger.
	Logs *Logs

	process *plugin.Client
	// command is nil where another session launched the plugin.
	command *exec.Cmd
}

// ErrVersionRefused says that host and plugin share no app version.
var ErrVersionRefused = errors.New("no app version in common")

// ErrMuxRefused says that the library of host or plugin offers no multiplexing.
var ErrMuxRefused = errors.New("no multiplexing")

// TellRefusal prints a refusal that belongs to a transcript, and returns every
// other error.
func TellRefusal(err error) error {
	if !errors.Is(err, ErrMuxRefused) {
		return err
	}
	fmt.Fprintln(os.Stderr, err)
	fmt.Println("refused: multiplexing")
	return nil
}

// Launch starts the plugin that options name and connects to it, offering one
// plugin set per app version. It fails when TLS is not what options ask for.
func Launch(options Options, plugins map[int]plugin.PluginSet) (*Session, error) {
	session, config := prepare()
	session.command = exec.Command(options.Plugin[0], options.Plugin[1:]...)
	config.VersionedPlugins = plugins
	config.Cmd = session.command
	config.AutoMTLS = options.TLS
	if options.Mux {
		if err := multiplex(config); err != nil {
			return nil, err
		}
	}
	session.process = plugin.NewClient(config)

	if err := session.connect(options.TLS); err != nil {
		session.Kill()
		return nil, err
	}
	return session, nil
}

// prepare makes a session that is not connected yet, and all that its
// configuration has whatever plugin it is for.
func prepare() (*Session, *plugin.ClientConfig) {
	session := &Session{Stdout: NewCapture(), Stderr: NewCapture(), Logs: newLogs()}
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{
		Name: "host",
		// The newer library drops a plugin's lines below this level before
		// any sink can see them.
		Level:  hclog.Trace,
		Output: os.Stderr,
	})
	logger.RegisterSink(session.Logs)
	return session, &plugin.ClientConfig{
		HandshakeConfig:  contract.Handshake,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           logger,
		SyncStdout:       session.Stdout,
		SyncStderr:       session.Stderr,
	}
}

func (s *Session) connect(wantTLS bool) error {
	connected, err := s.process.Client()
	if err != nil {
		return launchError(err)
	}
	client, ok := connected.(*plugin.GRPCClient)
	if !ok {
		return fmt.Errorf("expected a gRPC plugin, found %T", connected)
	}
	s.Client = client
	s.Version = s.process.NegotiatedVersion()

	ctx, cancel := context.WithTimeout(context.Background(), CallTimeout)
	defer cancel()
	return checkTLS(ctx, client.Conn, wantTLS)
}

// launchError names the refusals a story expects. The library has no value for
// the first, and its releases differ in the first letter of the message.
func launchError(err error) error {
	if isMuxRefusal(err) {
		return fmt.Errorf("%w: %s", ErrMuxRefused, err)
	}
	if strings.Contains(strings.ToLower(err.Error()), "incompatible api version") {
		return fmt.Errorf("%w: %s", ErrVersionRefused, err)
	}
	return err
}

// Kill ends the plugin, gracefully if it lets itself. Killing twice is fine.
// A plugin in test mode goes on.
func (s *Session) Kill() {
	s.process.Kill()
}

// Close kills the plugin and says how it went, in the transcript's words.
func (s *Session) Close() string {
	s.Kill()
	// Kill has waited for the process, so its state is there to be read.
	state := s.command.ProcessState
	switch {
	case state == nil:
		return "exit: unknown"
	case !state.Exited():
		return "exit: killed"
	case state.ExitCode() != 0:
		return fmt.Sprintf("exit: code %d", state.ExitCode())
	default:
		return "exit: clean"
	}
}
