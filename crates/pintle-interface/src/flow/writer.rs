//! A place for bytes that stays with whoever has it, written to by the other side.

mod borrowed;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use pintle_core::Stream as Wire;
use tokio::io::{AsyncWrite, AsyncWriteExt, ReadBuf};

use self::borrowed::Borrowed;
use super::failure::Failure;
use super::frame::{END_FRAME, failure_frame};
use super::incoming::{Ending, Incoming};
use super::piece::Piece;
use super::pipe::PipeEnd;

/// A place to write bytes to, as an argument or a result of a method.
///
/// The sink stays with whoever made it; what the other side writes crosses to
/// it. A value that was received can be given on.
///
/// - [`shutdown`](AsyncWriteExt::shutdown) is what delivers: it is done when the sink has taken every
///   byte and was itself shut down, and it fails if that is impossible. Until then bytes may be under
///   way; a flush sends them off, but does not wait for the sink.
/// - An error of the sink fails the next write, flush or shutdown, with its kind and text.
/// - The sink is flushed whenever it has caught up with what was written.
/// - Writing waits while the sink takes no more.
/// - Dropping it without shutdown breaks it off: the sink takes what had arrived and is then dropped,
///   without being shut down. [`fail`](Self::fail) says why, too.
/// - When the session ends, writes fail; on the host's side the error leads to the reason: see
///   [`SessionClosed::of`](pintle_core::SessionClosed::of).
///
/// Writes are cancel-safe as far as the sink's are: a write that was not done has written nothing.
pub struct Writer {
    to: To,
}

enum To {
    Sink(Pin<Box<dyn AsyncWrite + Send>>),
    Pipe(PipeEnd),
    Peer(Box<Borrowed>),
}

impl Writer {
    /// Writes to `sink`.
    pub fn new(sink: impl AsyncWrite + Send + 'static) -> Self {
        let to = To::Sink(Box::pin(sink));
        Self { to }
    }

    pub(crate) fn pipe(end: PipeEnd) -> Self {
        let to = To::Pipe(end);
        Self { to }
    }

    pub(crate) fn received(stream: Wire) -> Self {
        let to = To::Peer(Box::new(Borrowed::new(stream)));
        Self { to }
    }

    /// Ends it with a failure instead of its end: whoever reads what was written is told why it is not
    /// the whole.
    ///
    /// The reader of a [`pipe`](crate::flow::pipe) gets this error, here or on the other side. A sink
    /// of another kind is dropped without being shut down, as no sink can be told more.
    ///
    /// Dropping the future breaks it off without the reason.
    pub async fn fail(self, error: io::Error) {
        let failure = Failure::of(&error);
        match self.to {
            To::Sink(_) => {}
            To::Pipe(pipe) => pipe.fail(failure),
            To::Peer(borrowed) => borrowed.fail(&failure).await,
        }
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.to {
            To::Sink(sink) => sink.as_mut().poll_write(cx, bytes),
            To::Pipe(pipe) => pipe.poll_write(cx, bytes),
            To::Peer(borrowed) => borrowed.poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.to {
            To::Sink(sink) => sink.as_mut().poll_flush(cx),
            To::Pipe(_) => Poll::Ready(Ok(())),
            To::Peer(borrowed) => borrowed.poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.to {
            To::Sink(sink) => sink.as_mut().poll_shutdown(cx),
            To::Pipe(pipe) => Poll::Ready(pipe.finish()),
            To::Peer(borrowed) => borrowed.poll_shutdown(cx),
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

/// Writes what arrives to `sink`, and answers what became of it.
pub(crate) async fn deliver(mut sink: Writer, stream: Wire) {
    let mut incoming = Incoming::new(stream);
    let answer = match pour(&mut incoming, &mut sink).await {
        Poured::Whole => END_FRAME.to_vec(),
        Poured::Refused(error) => failure_frame(&Failure::of(&error)),
        Poured::Broken(error) => {
            tracing::debug!(%error, "a writer was broken off");
            return sink.fail(error).await;
        }
    };
    drop(sink);
    let stream = incoming.stream();
    // Whoever is gone needs no answer.
    if stream.write_all(&answer).await.is_ok() {
        let _ = stream.shutdown().await;
    }
}

/// What became of a flow that was poured into a sink.
enum Poured {
    /// The sink has all of it and is shut down.
    Whole,
    /// The sink takes no more.
    Refused(io::Error),
    /// No more comes, and it is not the whole.
    Broken(io::Error),
}

async fn pour(incoming: &mut Incoming<Wire>, sink: &mut Writer) -> Poured {
    let mut piece = Piece::new();
    let mut unflushed = false;
    loop {
        let arrived = tokio::select! {
            biased;
            arrived = next_piece(incoming, &mut piece) => arrived,
            flushed = sink.flush(), if unflushed => match flushed {
                Ok(()) => {
                    unflushed = false;
                    continue;
                }
                Err(error) => return Poured::Refused(error),
            },
        };
        let poured = match arrived {
            Err(error) => return Poured::Broken(error),
            Ok(Some(Ending::Failed(failure))) => return Poured::Broken(failure.to_io()),
            Ok(Some(Ending::Whole)) => match sink.shutdown().await {
                Ok(()) => return Poured::Whole,
                refused => refused,
            },
            Ok(None) => sink.write_all(piece.bytes()).await,
        };
        if let Err(error) = poured {
            return Poured::Refused(error);
        }
        unflushed = true;
    }
}

/// Fills the piece with what comes next, unless it is the end. Cancel-safe.
async fn next_piece(
    incoming: &mut Incoming<Wire>,
    piece: &mut Piece,
) -> io::Result<Option<Ending>> {
    let mut room = ReadBuf::new(piece.room());
    let ending = poll_fn(|cx| incoming.poll_bytes(cx, &mut room)).await?;
    let filled = room.filled().len();
    piece.fill(filled);
    Ok(ending)
}
