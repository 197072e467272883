//! Why a session ended, and why a stream was not opened.

use std::io;
use std::sync::Arc;

use crate::frame::FrameError;

/// Why a session is over. Kept once and handed to everyone who asks.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionEnd {
    /// [`Session::close`](crate::Session::close) was called, or every handle was dropped, and the
    /// open streams came to their ends.
    #[error("the session was closed")]
    Closed,
    /// [`Session::abort`](crate::Session::abort) was called.
    #[error("the session was aborted")]
    Aborted,
    /// The peer closed the connection between two frames.
    #[error("the peer closed the connection")]
    PeerClosed,
    /// The peer announced the end of the session with this code: 1 is a protocol error it found
    /// in us, 2 an internal error of its own.
    #[error("the peer ended the session with code {0}")]
    PeerGoAway(u32),
    /// The peer left a ping unanswered, and sent nothing else, for the keepalive timeout.
    #[error("the peer did not answer a ping in time")]
    KeepaliveTimeout,
    /// The peer broke the protocol.
    #[error("the peer broke the protocol")]
    Protocol(#[from] ProtocolError),
    /// Reading from or writing to the connection failed.
    #[error("the connection failed")]
    Io(#[source] Arc<io::Error>),
    /// The future that drives the session was dropped.
    #[error("the driver of the session was dropped")]
    DriverDropped,
}

/// What a peer did that the protocol does not allow. Each one ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// Bytes that are no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A data frame longer than any window this side ever grants.
    #[error("data frame of {length} bytes on stream {stream}")]
    FrameTooLarge {
        /// The stream it was for.
        stream: u32,
        /// The length its header claims.
        length: u32,
    },
    /// More bytes than the stream's window allowed.
    #[error("stream {stream} overran its window of {allowed} by a frame of {length} bytes")]
    WindowExceeded {
        /// The stream it was for.
        stream: u32,
        /// Bytes the peer was still allowed to send.
        allowed: u32,
        /// The length its header claims.
        length: u32,
    },
    /// A window grown beyond what 32 bits hold.
    #[error("the send window of stream {0} overflowed")]
    WindowOverflow(u32),
    /// A stream opened with id 0 or with an id of our own parity.
    #[error("stream opened with id {0}, which is not the peer's to choose")]
    ForeignId(u32),
    /// A stream opened with an id that was used before.
    #[error("stream id {0} used twice")]
    IdReused(u32),
    /// Data on a stream after its end was announced.
    #[error("data on stream {0} after its end")]
    DataAfterFin(u32),
    /// The peer makes us answer (pings, opens) faster than it reads the answers.
    #[error("the peer asks for answers and does not read them")]
    AnswersUnread,
}

/// Why a stream can no longer be read or written. Found as the source of the [`io::Error`] a
/// [`Stream`](crate::Stream) returns.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The peer reset the stream: it refused it, or dropped its end without a shutdown.
    /// [`io::ErrorKind::ConnectionReset`].
    #[error("the stream was reset by the peer")]
    Reset,
    /// This side has shut the stream down and writes to it. [`io::ErrorKind::BrokenPipe`].
    #[error("the stream was shut down for writing")]
    ShutDown,
    /// The session is over.
    #[error("the session of the stream is over")]
    Ended(#[source] SessionEnd),
}

/// Why no stream could be opened.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// This side has closed the session; streams already open live on.
    #[error("the session is closing")]
    Closing,
    /// The peer said it takes no new streams; streams already open live on.
    #[error("the peer takes no new streams")]
    PeerGoingAway,
    /// As many streams are open as [`Config::max_streams`](crate::Config::max_streams) allows.
    #[error("too many streams are open")]
    TooManyStreams,
    /// All 2³¹ ids of this side are used up; only a new session helps.
    #[error("every stream id was used")]
    IdsExhausted,
    /// The session is over.
    #[error("the session is over")]
    Ended(#[source] SessionEnd),
}

impl SessionEnd {
    fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Io(error) => error.kind(),
            Self::KeepaliveTimeout => io::ErrorKind::TimedOut,
            Self::Protocol(_) => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::ConnectionAborted,
        }
    }
}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        let kind = match &error {
            StreamError::Reset => io::ErrorKind::ConnectionReset,
            StreamError::ShutDown => io::ErrorKind::BrokenPipe,
            StreamError::Ended(end) => end.kind(),
        };
        Self::new(kind, error)
    }
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        let kind = match &error {
            OpenError::Ended(end) => end.kind(),
            _ => io::ErrorKind::ConnectionRefused,
        };
        Self::new(kind, error)
    }
}
