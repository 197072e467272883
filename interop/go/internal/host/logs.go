package host

import (
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"
)

// maxPendingLogs is far above what a story logs; the library itself logs a
// few entries per launch and one for each chunk of output.
const maxPendingLogs = 4096

// Entry is one log line as the host's logger was given it.
type Entry struct {
	Level   hclog.Level
	Message string
	Fields  map[string]string
}

// Logs is the sink behind the host's logger.
type Logs struct {
	entries chan Entry
}

func newLogs() *Logs {
	return &Logs{entries: make(chan Entry, maxPendingLogs)}
}

// Accept implements hclog.SinkAdapter. It drops entries rather than hold up
// the library when nobody reads them.
func (l *Logs) Accept(_ string, level hclog.Level, message string, arguments ...interface{}) {
	fields := make(map[string]string)
	for i := 0; i+1 < len(arguments); i += 2 {
		fields[fmt.Sprint(arguments[i])] = fmt.Sprint(arguments[i+1])
	}
	select {
	case l.entries <- Entry{Level: level, Message: message, Fields: fields}:
	default:
	}
}

// Next returns the first so many entries with this message, in order.
func (l *Logs) Next(count int, message string) ([]Entry, error) {
	var found []Entry
	timeout := time.After(outputTimeout)
	for len(found) < count {
		select {
		case entry := <-l.entries:
			if entry.Message == message {
				found = append(found, entry)
			}
		case <-timeout:
			return nil, fmt.Errorf("%d of %d log lines after %s", len(found), count, outputTimeout)
		}
	}
	return found, nil
}

// Count returns how many of the entries not yet taken have this message.
func (l *Logs) Count(message string) int {
	count := 0
	for {
		select {
		case entry := <-l.entries:
			if entry.Message == message {
				count++
			}
		default:
			return count
		}
	}
}
