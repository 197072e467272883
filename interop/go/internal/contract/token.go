package contract

import (
	"encoding/json"
	"fmt"
	"net"

	"github.com/hashicorp/go-plugin"
)

// Token is a plugin.ReattachConfig as it is written: the shape of the values
// of TF_REATTACH_PROVIDERS.
type Token struct {
	Protocol        string
	ProtocolVersion int
	Pid             int
	Test            bool
	Addr            TokenAddr
}

// TokenAddr is where the plugin listens.
type TokenAddr struct {
	Network, String string
}

// WriteToken writes what another host needs, as one line of JSON.
func WriteToken(config *plugin.ReattachConfig) ([]byte, error) {
	return json.Marshal(Token{
		Protocol:        string(config.Protocol),
		ProtocolVersion: config.ProtocolVersion,
		Pid:             config.Pid,
		Test:            config.Test,
		Addr:            TokenAddr{config.Addr.Network(), config.Addr.String()},
	})
}

// ReadToken reads a token of any language, which may have fields of its own.
func ReadToken(text []byte) (*plugin.ReattachConfig, error) {
	var token Token
	if err := json.Unmarshal(text, &token); err != nil {
		return nil, fmt.Errorf("token %q: %w", text, err)
	}
	addr, err := resolve(token.Addr)
	if err != nil {
		return nil, fmt.Errorf("token %q: %w", text, err)
	}
	return &plugin.ReattachConfig{
		Protocol:        plugin.Protocol(token.Protocol),
		ProtocolVersion: token.ProtocolVersion,
		Addr:            addr,
		Pid:             token.Pid,
		Test:            token.Test,
	}, nil
}

func resolve(addr TokenAddr) (net.Addr, error) {
	switch addr.Network {
	case "unix":
		return net.ResolveUnixAddr(addr.Network, addr.String)
	case "tcp":
		return net.ResolveTCPAddr(addr.Network, addr.String)
	default:
		return nil, fmt.Errorf("no network %q", addr.Network)
	}
}
