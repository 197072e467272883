//! How much a unix socket may hold that its reader has not taken.

use tokio::net::UnixStream;

/// As much as a large message with room to spare: with the system's default, some 200 KiB, writer and
/// reader wake each other several times for every mebibyte.
///
/// It is memory only while it is full. Linux grants what `net.core.wmem_max` allows, and counts the
/// sender's buffer alone.
const SEND_BUFFER_BYTES: usize = 2 * 1024 * 1024;

/// Gives a new connection room.
pub(super) fn widen(stream: &UnixStream) {
    // With a smaller buffer it works all the same.
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(stream, SEND_BUFFER_BYTES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_holds_more_than_the_system_gives_it() {
        let (stream, _peer) = UnixStream::pair().unwrap();
        let size = || rustix::net::sockopt::socket_send_buffer_size(&stream).unwrap();
        let default = size();
        widen(&stream);
        assert!(size() > default, "{default} bytes before, {} after", size());
    }
}
