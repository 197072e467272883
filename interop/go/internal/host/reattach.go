package host

import (
	"errors"
	"os"
	"time"

	"github.com/hashicorp/go-plugin"

	"pintle.dev/interop/internal/contract"
)

// exitTimeout bounds the wait for a process that is ending. The library looks
// for one that it reattached to once a second.
const exitTimeout = 5 * time.Second

// CanReattach says whether the library offers reattaching in such a session:
// its ReattachConfig has no room for what AutoMTLS made, and it refuses to
// multiplex.
func CanReattach(options Options) bool {
	return !options.TLS && !options.Mux
}

// Leave ends the connection, and leaves the plugin running for whoever has
// what is returned.
func (s *Session) Leave() (*plugin.ReattachConfig, error) {
	config := s.process.ReattachConfig()
	if config == nil {
		return nil, errors.New("a plugin that was launched has no ReattachConfig")
	}
	return config, s.Client.Conn.Close()
}

// Reattach connects to a plugin that is running already.
func Reattach(config *plugin.ReattachConfig, plugins plugin.PluginSet) (*Session, error) {
	session, client := prepare()
	client.Reattach = config
	// Without a handshake there is no version to choose one of several sets by.
	client.Plugins = plugins
	client.HandshakeConfig.ProtocolVersion = contract.Version
	session.process = plugin.NewClient(client)
	if err := session.connect(false); err != nil {
		session.Kill()
		return nil, err
	}
	return session, nil
}

// Gone waits for the end of a plugin that another session has closed, and says
// whether it came.
func (s *Session) Gone() string {
	if !s.exits() {
		return "exit: still there"
	}
	return "exit: gone"
}

// Crashed waits for the end of a plugin that nobody has asked to end, and says
// how it went.
func (s *Session) Crashed() string {
	switch {
	case !s.exits():
		return "exit: still there"
	case s.command.ProcessState.Success():
		return "exit: clean"
	default:
		s.removeSocket()
		return "exit: crashed"
	}
}

// removeSocket does what the plugin did not come to, and the library never does.
func (s *Session) removeSocket() {
	if addr := s.process.ReattachConfig().Addr; addr.Network() == "unix" {
		_ = os.Remove(addr.String())
	}
}

// exits waits for the end of a process that this session launched.
func (s *Session) exits() bool {
	for deadline := time.Now().Add(exitTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if s.process.Exited() {
			return true
		}
	}
	return false
}
