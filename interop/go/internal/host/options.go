package host

import (
	"errors"
	"flag"
	"fmt"
	"time"
)

// CallTimeout bounds every call a story makes.
const CallTimeout = 10 * time.Second

// Options are what every host program is told on its command line.
type Options struct {
	// TLS asks for AutoMTLS.
	TLS bool
	// Mux asks for everything on one connection.
	Mux bool
	// Plugin is the program to launch and its arguments; never empty.
	Plugin []string
}

// ParseOptions reads `--tls none|auto [--mux] … -- PLUGIN_PATH [ARGS…]`, beside the
// flags the caller has put in the set.
func ParseOptions(flags *flag.FlagSet, arguments []string) (Options, error) {
	tls := flags.String("tls", "none", "none or auto")
	mux := flags.Bool("mux", false, "everything on one connection")
	if err := flags.Parse(arguments); err != nil {
		return Options{}, err
	}
	if *tls != "none" && *tls != "auto" {
		return Options{}, fmt.Errorf("--tls is none or auto, not %q", *tls)
	}
	if flags.NArg() == 0 {
		return Options{}, errors.New("no plugin to launch: add -- PLUGIN_PATH [ARGS…]")
	}
	return Options{TLS: *tls == "auto", Mux: *mux, Plugin: flags.Args()}, nil
}
