// Package contract holds what hosts and plugins of every language agree on
// before they can talk. README.md has the whole of it.
package contract

import "github.com/hashicorp/go-plugin"

// Names under which the plugins are dispensed.
const (
	KV        = "kv"
	Counter   = "counter"
	Callbacks = "callbacks"
	Store     = "store"
)

// Version is the app version of every story but `negotiated`.
const Version = 1

// NegotiatedVersions are the app versions a plugin serves in that story.
var NegotiatedVersions = []int{2, 3}

// Stories are the names a kv plugin and a kv host accept.
var Stories = []string{"kv", "negotiated", "stdio", "logs", "reflect", "reattach", "test-mode", "panics"}

// Handshake carries no version: both sides list theirs in VersionedPlugins.
var Handshake = plugin.HandshakeConfig{
	MagicCookieKey:   "PINTLE_INTEROP",
	MagicCookieValue: "5a2f0c61",
}
