//! A byte stream whose errors name the end of the session, where that is the reason.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::ended::SessionClosed;
use crate::runner::BoxFuture;

/// Why a session is lost, as its owner knows it. The answer is awaited by what failed, so it must be
/// bounded in time; `None` leaves the error as it is.
pub type LostReason = Arc<dyn Fn() -> BoxFuture<'static, Option<LostError>> + Send + Sync>;

/// The reason itself, which several may hold.
pub type LostError = Arc<dyn Error + Send + Sync>;

/// For transports: a stream that asks the owner of the session when it fails with its connection,
/// as [`Broker`](crate::Broker) promises of its streams.
pub struct Explained<S> {
    stream: S,
    may_be_the_end: fn(&(dyn Error + Send + Sync + 'static)) -> bool,
    lost: LostReason,
    // Reads and writes may be polled by two tasks.
    reading: Asking,
    writing: Asking,
}

/// An error whose reason is being asked for.
type Asking = Option<(io::Error, BoxFuture<'static, Option<LostError>>)>;

impl<S> Explained<S> {
    /// Asks `lost` about errors of which `may_be_the_end` says that the end of the session would
    /// explain them. It is given what the [`io::Error`] holds.
    pub fn new(
        stream: S,
        may_be_the_end: fn(&(dyn Error + Send + Sync + 'static)) -> bool,
        lost: LostReason,
    ) -> Self {
        Self {
            stream,
            may_be_the_end,
            lost,
            reading: None,
            writing: None,
        }
    }
}

/// How one direction is asked about.
struct Why<'a> {
    asking: &'a mut Asking,
    may_be_the_end: fn(&(dyn Error + Send + Sync + 'static)) -> bool,
    lost: &'a LostReason,
}

impl Why<'_> {
    /// Runs `poll` unless the reason for an earlier error is being asked for.
    fn poll<T>(
        self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.asking.is_none() {
            match ready!(poll(cx)) {
                Err(error) if self.is_wanted(&error) => {
                    *self.asking = Some((error, (self.lost)()));
                }
                result => return Poll::Ready(result),
            }
        }
        let Some((_, reason)) = self.asking else {
            unreachable!("it was set a line above")
        };
        let reason = ready!(reason.as_mut().poll(cx));
        let (error, _) = self.asking.take().expect("it was polled a line above");
        Poll::Ready(Err(match reason {
            Some(reason) => io::Error::new(error.kind(), SessionEnded(reason)),
            None => error,
        }))
    }

    /// Whether the error does not name the reason, and may have one.
    fn is_wanted(&self, error: &io::Error) -> bool {
        let inner = error.get_ref();
        inner
            .is_some_and(|inner| SessionClosed::of(inner).is_none() && (self.may_be_the_end)(inner))
    }
}

/// The reason of an error of a stream.
#[derive(Debug)]
struct SessionEnded(LostError);

impl fmt::Display for SessionEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the session of the stream has ended")
    }
}

impl Error for SessionEnded {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let read = |cx: &mut Context<'_>| Pin::new(&mut this.stream).poll_read(cx, buf);
        Why {
            asking: &mut this.reading,
            may_be_the_end: this.may_be_the_end,
            lost: &this.lost,
        }
        .poll(cx, read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let write = |cx: &mut Context<'_>| Pin::new(&mut this.stream).poll_write(cx, buf);
        Why {
            asking: &mut this.writing,
            may_be_the_end: this.may_be_the_end,
            lost: &this.lost,
        }
        .poll(cx, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let write = |cx: &mut Context<'_>| Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        Why {
            asking: &mut this.writing,
            may_be_the_end: this.may_be_the_end,
            lost: &this.lost,
        }
        .poll(cx, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let flush = |cx: &mut Context<'_>| Pin::new(&mut this.stream).poll_flush(cx);
        Why {
            asking: &mut this.writing,
            may_be_the_end: this.may_be_the_end,
            lost: &this.lost,
        }
        .poll(cx, flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let shutdown = |cx: &mut Context<'_>| Pin::new(&mut this.stream).poll_shutdown(cx);
        Why {
            asking: &mut this.writing,
            may_be_the_end: this.may_be_the_end,
            lost: &this.lost,
        }
        .poll(cx, shutdown)
    }
}

impl<S> fmt::Debug for Explained<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explained").finish_non_exhaustive()
    }
}
