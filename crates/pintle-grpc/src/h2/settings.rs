//! What a connection allows its peer, and for how long.

use std::time::Duration;

/// The bounds of one HTTP/2 connection, the same for both ends.
///
/// Values HTTP/2 has no room for are brought to the nearest it has.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The longest messages to accept and to send. Default: 2³¹−1 bytes each way.
    pub(crate) limits: Limits,

    /// Deadline of a call made without one, the whole answer included. It ends long-lived streams
    /// as well. Default: none.
    pub(crate) default_timeout: Option<Duration>,

    /// How long a new connection may take until the peer has shown that it speaks HTTP/2: a
    /// client's preface, a server's answer to a first ping. Default: 20 seconds.
    pub(crate) handshake_timeout: Duration,

    /// Whether a silent peer is asked for a sign of life. Default: no, as in go-plugin, so a peer
    /// that stops without closing is noticed by deadlines only.
    pub(crate) keepalive: Option<KeepAlive>,

    /// How many calls the peer may have open at a time; it makes further ones wait, a ping and the
    /// request to end included. Each costs a task and its buffers. Default: 65536, so that only a
    /// runaway peer meets it; a Go server has no such limit.
    pub(crate) max_concurrent_streams: u32,

    /// The largest header or trailer block to accept, decoded. Default: 1 MiB, because a status
    /// message travels in the trailers and those of Go plugins may be long.
    pub(crate) header_list_bytes: u32,

    /// How much of one stream the peer may send ahead of its reader. Default: 8 MiB, which keeps
    /// a reader of large messages busy.
    pub(crate) stream_window_bytes: u32,

    /// How much of all streams the peer may send ahead of their readers, and so the payload a
    /// connection can hold in memory. Default: 64 MiB. An unread stream keeps its share, so this
    /// must be several times the window of a stream or one idle reader would stop every call.
    pub(crate) connection_window_bytes: u32,

    /// The largest frame to accept. Default: 128 KiB, the fastest size for large messages.
    pub(crate) frame_bytes: u32,

    /// How long open calls may go on once the server side of a connection is asked to end.
    /// Default: 1 second, because a host kills its plugin 2 seconds after asking it to end.
    pub(crate) shutdown_grace: Duration,
}

/// The longest single message either way, without its prefix.
///
/// A longer one fails its call with `ResourceExhausted`. A connection enforces what it accepts before
/// any of the message is stored. Generated clients and servers have limits of their own besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest message to accept, in bytes.
    pub decode_bytes: usize,
    /// Longest message to send, in bytes.
    pub encode_bytes: usize,
}

/// How a silent peer is asked for a sign of life.
///
/// A Go server takes pings more often than every five minutes for abuse and closes the connection,
/// unless its author allowed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Time between two pings.
    pub interval: Duration,
    /// Time the peer has to answer one before the connection is given up.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            default_timeout: None,
            handshake_timeout: Duration::from_secs(20),
            keepalive: None,
            max_concurrent_streams: 65_536,
            header_list_bytes: 1024 * 1024,
            stream_window_bytes: 8 * 1024 * 1024,
            connection_window_bytes: 64 * 1024 * 1024,
            frame_bytes: 128 * 1024,
            shutdown_grace: Duration::from_secs(1),
        }
    }
}

impl Default for Limits {
    /// 2³¹−1 bytes each way, what go-plugin allows its clients.
    fn default() -> Self {
        Self {
            decode_bytes: i32::MAX as usize,
            encode_bytes: i32::MAX as usize,
        }
    }
}

impl Settings {
    pub(crate) fn client(&self) -> ::h2::client::Builder {
        let mut builder = ::h2::client::Builder::new();
        builder
            .enable_push(false)
            .max_header_list_size(self.header_list_bytes)
            .initial_window_size(self.stream_window_bytes.min(MAX_WINDOW))
            .initial_connection_window_size(self.connection_window_bytes.min(MAX_WINDOW))
            .max_frame_size(self.frame_bytes.clamp(MIN_FRAME, MAX_FRAME))
            .max_send_buffer_size(SEND_BUFFER)
            .data_frame_budget(SMALL_FRAME_BUDGET);
        builder
    }

    // What `h2` bounds by itself is left as it is: streams reset before they are accepted (20) and
    // resets provoked by errors of the peer (1024), after which it closes the connection.
    pub(crate) fn server(&self) -> ::h2::server::Builder {
        let mut builder = ::h2::server::Builder::new();
        builder
            .max_concurrent_streams(self.max_concurrent_streams)
            .max_header_list_size(self.header_list_bytes)
            .initial_window_size(self.stream_window_bytes.min(MAX_WINDOW))
            .initial_connection_window_size(self.connection_window_bytes.min(MAX_WINDOW))
            .max_frame_size(self.frame_bytes.clamp(MIN_FRAME, MAX_FRAME))
            .max_send_buffer_size(SEND_BUFFER)
            .data_frame_budget(SMALL_FRAME_BUDGET);
        builder
    }
}

/// How much of a stream's output may wait for the socket.
const SEND_BUFFER: usize = 1024 * 1024;

/// What `h2` may spend on keeping unread small frames, counted as 256 bytes less the payload of
/// each. It closes the connection beyond that, and its own default is so low that a slow reader of
/// short messages would lose the connection before flow control could hold its writer back. This
/// much lets a whole stream window of 16-byte frames wait.
const SMALL_FRAME_BUDGET: usize = 128 * 1024 * 1024;

/// The range HTTP/2 gives a window and a frame.
const MAX_WINDOW: u32 = (1 << 31) - 1;
const MIN_FRAME: u32 = 1 << 14;
const MAX_FRAME: u32 = (1 << 24) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_http2_has_no_room_for_are_accepted() {
        for value in [0, u32::MAX] {
            let settings = Settings {
                stream_window_bytes: value,
                connection_window_bytes: value,
                frame_bytes: value,
                header_list_bytes: value,
                max_concurrent_streams: value,
                ..Settings::default()
            };
            // `h2` panics on a value out of range, so building is the check.
            settings.client();
            settings.server();
        }
    }
}
