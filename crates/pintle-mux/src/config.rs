//! What a session may use, and how long it waits.

use std::time::Duration;

/// Every stream's window at birth, in both directions; the protocol fixes it.
pub const INITIAL_WINDOW_BYTES: u32 = 256 * 1024;

/// The knobs of a [`Session`](crate::Session).
///
/// A peer can make this side hold at most `max_streams × 256 KiB + window_budget_bytes` of unread
/// bytes, twice that while buffers grow, and a few hundred KiB of frames not yet sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Streams open at once, whoever opened them. A peer's stream beyond it is refused (reset), one
    /// of our own fails with [`OpenError::TooManyStreams`](crate::OpenError::TooManyStreams).
    /// Default 1024.
    pub max_streams: usize,

    /// Streams of the peer that wait for [`accept`](crate::Session::accept); further ones are
    /// refused. Also how many of our own may wait for the peer's word before
    /// [`open`](crate::Session::open) waits. Default 256, which other implementations assume.
    pub accept_backlog: usize,

    /// How far a busy stream's receive window may grow, in bytes. A stream whose reader keeps up
    /// doubles its window until this. At least 256 KiB. Default 16 MiB.
    pub max_stream_window_bytes: u32,

    /// What all windows of the session together may grow by beyond their first 256 KiB each.
    /// Default 64 MiB; 0 keeps every window at its first size.
    pub window_budget_bytes: usize,

    /// How often the peer is pinged, so that one that hangs is noticed. `None` never pings.
    /// Default 30 s.
    pub keepalive_interval: Option<Duration>,

    /// How long a peer may send nothing while a ping is unanswered, before the session ends. One that
    /// sends is alive, as late as its answer may be. Default 10 s.
    pub keepalive_timeout: Duration,

    /// How long a stream that was shut down and then dropped waits for the peer's own end before it
    /// is reset. Default 30 s.
    pub linger: Duration,

    /// How long the last frames of a session may take to leave before the connection is dropped all
    /// the same. Default 2 s.
    pub close_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_streams: DEFAULT_MAX_STREAMS,
            accept_backlog: DEFAULT_ACCEPT_BACKLOG,
            max_stream_window_bytes: DEFAULT_MAX_STREAM_WINDOW_BYTES,
            window_budget_bytes: DEFAULT_WINDOW_BUDGET_BYTES,
            keepalive_interval: Some(DEFAULT_KEEPALIVE_INTERVAL),
            keepalive_timeout: DEFAULT_KEEPALIVE_TIMEOUT,
            linger: DEFAULT_LINGER,
            close_timeout: DEFAULT_CLOSE_TIMEOUT,
        }
    }
}

const DEFAULT_MAX_STREAMS: usize = 1024;
const DEFAULT_ACCEPT_BACKLOG: usize = 256;
const DEFAULT_MAX_STREAM_WINDOW_BYTES: u32 = 16 * 1024 * 1024;
const DEFAULT_WINDOW_BUDGET_BYTES: usize = 64 * 1024 * 1024;
const DEFAULT_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const DEFAULT_KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_LINGER: Duration = Duration::from_secs(30);
const DEFAULT_CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
