//! Bytes that stay with whoever has them until the other side reads.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use pintle_core::Stream as Wire;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf,
};

use super::failure::Failure;
use super::frame::{END_FRAME, ItemHead, failure_frame};
use super::incoming::{Ending, Incoming};
use super::piece::{MAX_PIECE_BYTES, Piece};

/// Bytes to read, as an argument or a result of a method.
///
/// The bytes stay with whoever made it and cross to the other side as that side
/// reads, however many there are. A value that was received can be given on.
///
/// - The end comes out as the end only if the source ended.
/// - An error of the source comes out as an [`io::Error`] of the same kind, with the same text.
/// - What was broken off, because the other side or the session ended, fails, with
///   [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) or
///   [`ConnectionReset`](io::ErrorKind::ConnectionReset) mostly. On the host's side the error leads
///   to the reason why the session ended: see [`SessionClosed::of`](pintle_core::SessionClosed::of).
/// - Dropping it drops the source on the other side, even while that waits for bytes.
///
/// Reads are cancel-safe as far as the source's are.
pub struct Reader {
    from: Origin,
}

enum Origin {
    Source(Pin<Box<dyn AsyncRead + Send>>),
    Buffered(Pin<Box<dyn AsyncBufRead + Send>>),
    Peer(Box<Incoming<Wire>>),
    Ended(Ending),
}

impl Reader {
    /// Reads from `source`.
    pub fn new(source: impl AsyncRead + Send + 'static) -> Self {
        let from = Origin::Source(Box::pin(source));
        Self { from }
    }

    /// Reads from `source`, which has its bytes in memory: they are sent from where they lie, one
    /// copy less than with [`new`](Self::new).
    ///
    /// It pays where the memory is large, as that of a `Cursor` over bytes, or of tokio-util's
    /// `StreamReader` over a stream of them. What the source gives at a time is sent at once.
    pub fn buffered(source: impl AsyncBufRead + Send + 'static) -> Self {
        let from = Origin::Buffered(Box::pin(source));
        Self { from }
    }

    pub(crate) fn received(stream: Wire) -> Self {
        let from = Origin::Peer(Box::new(Incoming::new(stream)));
        Self { from }
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let incoming = match &mut self.from {
            Origin::Source(source) => return source.as_mut().poll_read(cx, to),
            Origin::Buffered(source) => return source.as_mut().poll_read(cx, to),
            Origin::Ended(Ending::Whole) => return Poll::Ready(Ok(())),
            Origin::Ended(Ending::Failed(failure)) => return Poll::Ready(Err(failure.to_io())),
            Origin::Peer(incoming) => incoming,
        };
        match ready!(incoming.poll_bytes(cx, to)) {
            Ok(None) => Poll::Ready(Ok(())),
            Ok(Some(ending)) => {
                self.from = Origin::Ended(ending);
                self.poll_read(cx, to)
            }
            Err(error) => {
                // This error has the reason; those after it repeat what it says.
                self.from = Origin::Ended(Ending::Failed(Failure::of(&error)));
                Poll::Ready(Err(error))
            }
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// Sends what `source` gives until its end, or until the other side wants no more.
pub(crate) async fn send(source: Reader, stream: Wire) {
    let (from, to) = tokio::io::split(stream);
    tokio::select! {
        biased;
        // The source is dropped with the other future, wherever that was.
        () = gone(from) => {}
        sent = send_all(source, to) => {
            if let Err(error) = sent {
                tracing::debug!(%error, "a reader was broken off");
            }
        }
    }
}

/// Waits until the other side has ended its direction, in which nothing is to be said.
pub(crate) async fn gone(mut from: impl AsyncRead + Unpin) {
    let mut nothing = [0; 64];
    while let Ok(1..) = from.read(&mut nothing).await {}
}

async fn send_all(source: Reader, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    // The source is dropped there: it has given all it has, and need not wait for the other side to
    // read that.
    let ending = match source.from {
        Origin::Buffered(source) => send_from_memory(source, &mut to).await?,
        from => send_pieces(Reader { from }, &mut to).await?,
    };
    to.write_all(&ending).await?;
    to.shutdown().await
}

/// Sends what `source` gives, and tells the last frame.
async fn send_pieces(
    mut source: Reader,
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<Vec<u8>> {
    let mut piece = Piece::new();
    let mut unflushed = false;
    loop {
        let read = tokio::select! {
            biased;
            read = source.read(piece.room()) => read,
            // Only once the source has nothing at hand: flushing each piece would slow them all.
            flushed = to.flush(), if unflushed => {
                flushed?;
                unflushed = false;
                continue;
            }
        };
        match read {
            Ok(0) => return Ok(END_FRAME.to_vec()),
            Ok(length) => piece.fill(length),
            Err(error) => return Ok(failure_frame(&Failure::of(&error))),
        }
        to.write_all(piece.as_frame()).await?;
        unflushed = true;
    }
}

/// Sends what `source` has in memory, and tells the last frame.
async fn send_from_memory(
    mut source: Pin<Box<dyn AsyncBufRead + Send>>,
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<Vec<u8>> {
    let mut unflushed = false;
    loop {
        let bytes = tokio::select! {
            biased;
            bytes = source.fill_buf() => bytes,
            flushed = to.flush(), if unflushed => {
                flushed?;
                unflushed = false;
                continue;
            }
        };
        let length = match bytes {
            Ok([]) => return Ok(END_FRAME.to_vec()),
            Ok(bytes) => {
                let bytes = &bytes[..bytes.len().min(MAX_PIECE_BYTES)];
                let head = ItemHead::of(bytes.len());
                let mut frame = Buf::chain(head.as_bytes(), bytes);
                to.write_all_buf(&mut frame).await?;
                bytes.len()
            }
            Err(error) => return Ok(failure_frame(&Failure::of(&error))),
        };
        source.consume(length);
        unflushed = true;
    }
}
