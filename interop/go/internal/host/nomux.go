//go:build nomux

package host

import (
	"fmt"

	"github.com/hashicorp/go-plugin"
)

// multiplex says that this release of the library cannot.
func multiplex(*plugin.ClientConfig) error {
	return fmt.Errorf("%w: this go-plugin does not offer it", ErrMuxRefused)
}

func isMuxRefusal(error) bool {
	return false
}
