//! A stream as messages in both directions.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use pintle_core::Pieces;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Understand;
use super::arriving::Arriving;
use crate::frame::FrameError;
use crate::outgoing::Outgoing;

/// The largest buffer that is kept for the next messages once it is empty.
const KEEP_BYTES: usize = 4 * 1024 * 1024;

/// As many pieces go into one write.
const MAX_SLICES: usize = 16;

/// Reads messages as `U` understands them, and sends what was [gathered](Outgoing).
#[derive(Debug)]
pub(crate) struct MessageStream<S, U> {
    stream: S,
    by: U,
    arriving: Arriving,
    leaving: Pieces,
    /// Something was written that the stream may still hold.
    unflushed: bool,
}

impl<S, U> MessageStream<S, U>
where
    S: AsyncRead + AsyncWrite + Unpin,
    U: Understand,
{
    pub(crate) fn new(stream: S, by: U) -> Self {
        Self {
            stream,
            by,
            arriving: Arriving::default(),
            leaving: Pieces::default(),
            unflushed: false,
        }
    }

    /// The next message; `None` at the end of the stream. A message cut short by it is an error.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<U::Item, FrameError>>> {
        loop {
            if let Some(item) = self.arriving.next(&self.by).transpose() {
                return Poll::Ready(Some(item));
            }
            match ready!(self.arriving.poll_read(Pin::new(&mut self.stream), cx)) {
                Ok(0) if self.arriving.is_empty() => return Poll::Ready(None),
                Ok(0) => return Poll::Ready(Some(Err(cut_short()))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    /// Sends what was gathered; ready when nothing is left of it. More that is gathered wakes the
    /// task of `cx`.
    pub(crate) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &Outgoing,
    ) -> Poll<io::Result<()>> {
        loop {
            while self.leaving.has_remaining() {
                let sent = ready!(self.poll_write(cx))?;
                if sent == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.leaving.advance(sent);
                self.unflushed = true;
            }
            self.leaving.clear();
            if self.leaving.capacity() > KEEP_BYTES {
                self.leaving = Pieces::default();
            }
            if !outgoing.take(&mut self.leaving, cx) {
                break;
            }
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        match self.leaving.chunks_vectored(&mut slices) {
            count @ 2.. if stream.is_write_vectored() => {
                stream.poll_write_vectored(cx, &slices[..count])
            }
            _ => stream.poll_write(cx, self.leaving.chunk()),
        }
    }

    /// Ends the direction of what is sent.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn cut_short() -> FrameError {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the stream ends within a message",
    )
    .into()
}
