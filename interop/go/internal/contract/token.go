package contract

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"

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

// TokensVariable is how OpenTofu and Terraform are told of plugins in test
// mode: a map of their tokens, in which the kv plugin is called Provider.
const (
	TokensVariable = "TF_REATTACH_PROVIDERS"
	Provider       = "registry.opentofu.org/pintle/kv"
)

func tokenOf(config *plugin.ReattachConfig) Token {
	return Token{
		Protocol:        string(config.Protocol),
		ProtocolVersion: config.ProtocolVersion,
		Pid:             config.Pid,
		Test:            config.Test,
		Addr:            TokenAddr{config.Addr.Network(), config.Addr.String()},
	}
}

// WriteToken writes what another host needs, as one line of JSON.
func WriteToken(config *plugin.ReattachConfig) ([]byte, error) {
	return json.Marshal(tokenOf(config))
}

// WriteVariable writes the variable with this token alone, ready for a shell.
func WriteVariable(config *plugin.ReattachConfig) (string, error) {
	tokens, err := json.Marshal(map[string]Token{Provider: tokenOf(config)})
	if err != nil {
		return "", err
	}
	quoted := strings.ReplaceAll(string(tokens), "'", `'\''`)
	return fmt.Sprintf("%s='%s'", TokensVariable, quoted), nil
}

// ReadVariable reads the line that sets the variable as a shell and OpenTofu
// do, and gives the token of Provider.
func ReadVariable(line string) (*plugin.ReattachConfig, error) {
	quoted, found := strings.CutPrefix(line, TokensVariable+"='")
	quoted, closed := strings.CutSuffix(quoted, "'")
	if !found || !closed {
		return nil, fmt.Errorf("%q does not set %s", line, TokensVariable)
	}
	var tokens map[string]Token
	if err := json.Unmarshal([]byte(strings.ReplaceAll(quoted, `'\''`, "'")), &tokens); err != nil {
		return nil, fmt.Errorf("%q: %w", line, err)
	}
	token, found := tokens[Provider]
	if !found {
		return nil, fmt.Errorf("%q has no token of %s", line, Provider)
	}
	config, err := token.config()
	if err != nil {
		return nil, fmt.Errorf("%q: %w", line, err)
	}
	return config, nil
}

// ReadToken reads a token of any language, which may have fields of its own.
func ReadToken(text []byte) (*plugin.ReattachConfig, error) {
	var token Token
	if err := json.Unmarshal(text, &token); err != nil {
		return nil, fmt.Errorf("token %q: %w", text, err)
	}
	config, err := token.config()
	if err != nil {
		return nil, fmt.Errorf("token %q: %w", text, err)
	}
	return config, nil
}

func (token Token) config() (*plugin.ReattachConfig, error) {
	addr, err := resolve(token.Addr)
	if err != nil {
		return nil, err
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
