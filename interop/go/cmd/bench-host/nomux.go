//go:build nomux

package main

import "github.com/hashicorp/go-plugin"

// multiplex says that this release of the library cannot.
func multiplex(*plugin.ClientConfig) error {
	return missing("this go-plugin does not multiplex")
}
