package host

import (
	"fmt"
	"sync"
	"time"
)

// outputTimeout bounds the wait for output and logs, which reach the host on
// a way of their own, some time after the call that caused them.
const outputTimeout = 5 * time.Second

// maxCapturedBytes bounds what a plugin can make the host keep.
const maxCapturedBytes = 1 << 20

// Capture is a writer whose content can be waited for.
type Capture struct {
	mu      sync.Mutex
	content []byte
	// grown is closed, and replaced, by each write.
	grown chan struct{}
}

// NewCapture returns an empty one.
func NewCapture() *Capture {
	return &Capture{grown: make(chan struct{})}
}

// Write implements io.Writer.
func (c *Capture) Write(chunk []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.content)+len(chunk) > maxCapturedBytes {
		return 0, fmt.Errorf("more than %d bytes captured", maxCapturedBytes)
	}
	c.content = append(c.content, chunk...)
	close(c.grown)
	c.grown = make(chan struct{})
	return len(chunk), nil
}

// Content returns all that has been written so far.
func (c *Capture) Content() []byte {
	content, _ := c.snapshot()
	return content
}

// Wait returns the content once it has at least so many bytes.
func (c *Capture) Wait(atLeast int) ([]byte, error) {
	timeout := time.After(outputTimeout)
	for {
		content, grown := c.snapshot()
		if len(content) >= atLeast {
			return content, nil
		}
		select {
		case <-grown:
		case <-timeout:
			return nil, fmt.Errorf("%d of %d bytes after %s", len(content), atLeast, outputTimeout)
		}
	}
}

func (c *Capture) snapshot() ([]byte, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Later writes only append, so the slice stays as it is now.
	return c.content[:len(c.content):len(c.content)], c.grown
}
