package main

import (
	"os"

	"pintle.dev/interop/internal/bench"
)

// flood prints so much to what plugin.Serve has made of stdout.
func flood(total int) error {
	return bench.InPieces(total, bench.FloodBytes, func(piece []byte) error {
		_, err := os.Stdout.Write(piece)
		return err
	})
}
