// Command bench-host is the contenders of the benchmark that are made of
// go-plugin: it launches the bench-plugin beside it and does with it what
// stdin says, as benches/README.md has it.
//
//	bench-host go-grpc|go-grpc-tls|go-grpc-mux|go-netrpc|go-netrpc-tls
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-plugin"
)

func main() {
	// Either would end this process at once, and a plugin made with go-plugin outlives its host:
	// Ctrl-C goes to all of a terminal's processes, and an answer may be one that nobody reads any
	// more. Both are followed by the end of stdin.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGPIPE)
	err := run(os.Args[1:])
	// Kills every plugin, all at once.
	plugin.CleanupClients()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench-host: %s\n", err)
		os.Exit(1)
	}
}

// run answers commands until there are no more, or one has failed.
func run(arguments []string) error {
	if len(arguments) != 1 {
		return errors.New("one argument is wanted: bench-host NAME")
	}
	contender, err := newContender(arguments[0])
	if err != nil {
		return err
	}
	answers := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := contender.obey(lines.Text())
		if err != nil {
			return errors.Join(err, answers.Encode(failed{err.Error()}))
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}
