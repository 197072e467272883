//! A byte stream whose errors name the end of the session, where that is the reason.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pintle_core::SessionClosed;
use pintle_mux::StreamError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::{Code, Status};

use crate::byte_stream::Gone;
use crate::h2::{BoxFuture, LostReason, SharedError};

/// A stream that asks the owner of the session when it fails with its connection.
pub(super) struct Explained<S> {
    stream: S,
    lost: LostReason,
    // Reads and writes may be polled by two tasks.
    reading: Asking,
    writing: Asking,
}

/// An error whose reason is being asked for.
type Asking = Option<(io::Error, BoxFuture<Option<SharedError>>)>;

impl<S> Explained<S> {
    pub(super) fn new(stream: S, lost: LostReason) -> Self {
        Self {
            stream,
            lost,
            reading: None,
            writing: None,
        }
    }
}

/// Runs `poll` unless the reason for an earlier error is being asked for.
fn poll_explained<T>(
    asking: &mut Asking,
    lost: &LostReason,
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    if asking.is_none() {
        match ready!(poll(cx)) {
            Err(error) if may_be_the_end(&error) => *asking = Some((error, lost())),
            result => return Poll::Ready(result),
        }
    }
    let Some((_, reason)) = asking else {
        unreachable!("it was set a line above")
    };
    let reason = ready!(reason.as_mut().poll(cx));
    let (error, _) = asking.take().expect("it was polled a line above");
    Poll::Ready(Err(match reason {
        Some(reason) => io::Error::new(error.kind(), SessionEnded(reason)),
        None => error,
    }))
}

/// Whether a stream failed in a way that the end of the session would explain.
fn may_be_the_end(error: &io::Error) -> bool {
    let Some(inner) = error.get_ref() else {
        return false;
    };
    if SessionClosed::of(inner).is_some() {
        return false;
    }
    if let Some(error) = inner.downcast_ref::<StreamError>() {
        return matches!(error, StreamError::Ended(_));
    }
    match inner.downcast_ref::<Status>() {
        Some(status) => status.code() == Code::Unavailable,
        None => inner.is::<Gone>(),
    }
}

/// The reason of an error of a stream.
#[derive(Debug)]
struct SessionEnded(SharedError);

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
        poll_explained(&mut this.reading, &this.lost, cx, read)
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
        poll_explained(&mut this.writing, &this.lost, cx, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let write = |cx: &mut Context<'_>| Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        poll_explained(&mut this.writing, &this.lost, cx, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let flush = |cx: &mut Context<'_>| Pin::new(&mut this.stream).poll_flush(cx);
        poll_explained(&mut this.writing, &this.lost, cx, flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let shutdown = |cx: &mut Context<'_>| Pin::new(&mut this.stream).poll_shutdown(cx);
        poll_explained(&mut this.writing, &this.lost, cx, shutdown)
    }
}
