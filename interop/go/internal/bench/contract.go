// Package bench is what the benchmark's host and plugin agree on, beside
// proto/bench.proto. What they are for is in benches/README.md.
package bench

// Name is what the plugin is dispensed under.
const Name = "bench"

// Versions of the app, one for each protocol: the host offers one of them, and
// so tells the plugin what to speak.
const (
	VersionNetRPC = 1
	VersionGRPC   = 2
)

// SmallBytes is the payload of every call and item whose size is not told.
const SmallBytes = 32

// MessageBytes is the piece of a byte stream that is put into one gRPC message.
// With 64 KiB it takes half as long again.
const MessageBytes = 256 << 10

// FloodBytes is the most that the plugin prints in one write.
const FloodBytes = 64 << 10

// Payload is what is echoed over net/rpc.
type Payload struct {
	Data []byte
}

// Visit asks the plugin to dial what the host serves under ID and to ring it
// so often, over net/rpc.
type Visit struct {
	ID    uint32
	Rings int
}

// Transfer asks the plugin to send so much on the connection ID, over net/rpc.
type Transfer struct {
	ID    uint32
	Bytes int
}

// Nothing is the answer of a call over net/rpc that has none.
type Nothing struct{}
