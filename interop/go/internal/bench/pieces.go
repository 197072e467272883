package bench

import (
	"errors"
	"io"
)

// InPieces hands out total bytes, each piece but the last as long as asked
// for. They are all the same memory, which is not to be changed.
func InPieces(total, pieceBytes int, send func([]byte) error) error {
	piece := make([]byte, pieceBytes)
	for total > 0 {
		next := piece[:min(total, pieceBytes)]
		if err := send(next); err != nil {
			return err
		}
		total -= len(next)
	}
	return nil
}

// connectionBytes is the buffer at either end of a connection of the MuxBroker,
// as long as a window of yamux.
const connectionBytes = 256 << 10

// Send writes total bytes.
func Send(to io.Writer, total int) error {
	return InPieces(total, connectionBytes, func(piece []byte) error {
		_, err := to.Write(piece)
		return err
	})
}

// Receive reads to the end, and says how much there was. io.Copy to io.Discard
// would read 8 KiB at a time, whatever buffer it is given.
func Receive(from io.Reader) (int, error) {
	buffer := make([]byte, connectionBytes)
	total := 0
	for {
		n, err := from.Read(buffer)
		total += n
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}
