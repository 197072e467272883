//go:build !nomux

// Command yamux-peer is the other end of pintle-mux's interoperability tests: hashicorp/yamux over
// one unix socket, told what to do by the first byte of each stream.
//
//	yamux-peer SOCKET client|server CLOSE-TIMEOUT
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

func main() {
	conn, err := net.Dial("unix", os.Args[1])
	check(err)
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	// A test makes its bytes on every core there is, which may take longer than the usual ten
	// seconds; an echo that gave up would leave the other side waiting for ever.
	config.ConnectionWriteTimeout = 5 * time.Minute
	// After it a stream that was closed here, but not on the other side, is reset.
	config.StreamCloseTimeout, err = time.ParseDuration(os.Args[3])
	check(err)
	start := yamux.Server
	if os.Args[2] == "client" {
		start = yamux.Client
	}
	session, err := start(conn, config)
	check(err)
	peer := &peer{session: session, lastError: "none"}
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			return
		}
		go peer.serve(stream)
	}
}

type peer struct {
	session   *yamux.Session
	mu        sync.Mutex
	lastError string
	held      []net.Conn
}

func (p *peer) serve(stream *yamux.Stream) {
	var command [5]byte
	if _, err := io.ReadFull(stream, command[:]); err != nil {
		p.note(err)
		return
	}
	argument := binary.LittleEndian.Uint32(command[1:])
	switch command[0] {
	case 'e': // echo until the end
		if _, err := io.Copy(stream, stream); err != nil {
			p.note(err)
			return
		}
	case 's': // count until the end, then answer
		total, err := io.Copy(io.Discard, stream)
		check(err)
		check(binary.Write(stream, binary.LittleEndian, uint64(total)))
	case 'h': // hold without reading
		p.mu.Lock()
		p.held = append(p.held, stream)
		p.mu.Unlock()
		return
	case 'c': // close at once
	case 'l': // the last error a stream met
		p.mu.Lock()
		fmt.Fprint(stream, p.lastError)
		p.mu.Unlock()
	case 'g': // go away
		check(p.session.GoAway())
		fmt.Fprint(stream, "gone")
	case 'o': // try to open
		if opened, err := p.session.OpenStream(); err != nil {
			fmt.Fprint(stream, err)
		} else {
			opened.Close()
			fmt.Fprint(stream, "opened")
		}
	case 'p': // ping
		if _, err := p.session.Ping(); err != nil {
			fmt.Fprint(stream, err)
		} else {
			fmt.Fprint(stream, "pong")
		}
	case 'n': // open so many streams, have each echo a byte, tell how many could
		fmt.Fprint(stream, p.openMany(int(argument)))
	case 'b': // open 64 streams, have each echo so many bytes at once
		fmt.Fprint(stream, p.bulk(64, int(argument)))
	}
	stream.Close()
}

func (p *peer) note(err error) {
	p.mu.Lock()
	p.lastError = err.Error()
	p.mu.Unlock()
}

func (p *peer) openMany(count int) string {
	var streams []net.Conn
	for i := 0; i < count; i++ {
		stream, err := p.session.OpenStream()
		check(err)
		streams = append(streams, stream)
	}
	echoed, reset := 0, 0
	for _, stream := range streams {
		_, err := stream.Write([]byte{1})
		if err == nil {
			_, err = io.ReadFull(stream, make([]byte, 1))
		}
		switch err {
		case nil:
			echoed++
		case yamux.ErrConnectionReset:
			reset++
		}
	}
	for _, stream := range streams {
		stream.Close()
	}
	return fmt.Sprintf("%d echoed, %d reset", echoed, reset)
}

func (p *peer) bulk(count, length int) string {
	var all sync.WaitGroup
	failures := make(chan error, 2*count)
	for i := 0; i < count; i++ {
		stream, err := p.session.OpenStream()
		check(err)
		sent := pattern(i, length)
		all.Add(2)
		go func() {
			defer all.Done()
			if _, err := stream.Write(sent); err != nil {
				failures <- err
			}
			stream.Close()
		}()
		go func() {
			defer all.Done()
			got := make([]byte, length)
			if _, err := io.ReadFull(stream, got); err != nil {
				failures <- err
			} else if !bytes.Equal(got, sent) {
				failures <- fmt.Errorf("stream %d came back changed", stream.StreamID())
			}
		}()
	}
	all.Wait()
	close(failures)
	for err := range failures {
		return err.Error()
	}
	return "equal"
}

func pattern(seed, length int) []byte {
	bytes := make([]byte, length)
	state := uint32(seed)*2654435761 + 1
	for i := range bytes {
		state = state*1664525 + 1013904223
		bytes[i] = byte(state >> 24)
	}
	return bytes
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
