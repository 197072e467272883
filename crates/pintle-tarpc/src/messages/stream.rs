//! A stream as messages in both directions.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::Decoder;
use tokio_util::io::poll_read_buf;

use crate::frame::FrameError;
use crate::outgoing::Outgoing;

/// How much is read at a time, where no long message is under way.
const READ_BYTES: usize = 64 * 1024;

/// Less room than this and a read is not worth it.
const LEAST_READ_BYTES: usize = 16 * 1024;

/// The largest buffer that is kept for the next messages once it is empty.
const KEEP_BYTES: usize = 4 * 1024 * 1024;

/// Reads messages by the decoder `D`, and sends what was [gathered](Outgoing).
#[derive(Debug)]
pub(crate) struct MessageStream<S, D> {
    stream: S,
    decoder: D,
    arrived: BytesMut,
    leaving: BytesMut,
    /// How much of it has left.
    left: usize,
    /// Something was written that the stream may still hold.
    unflushed: bool,
}

impl<S, D> MessageStream<S, D>
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Decoder<Error = FrameError>,
{
    pub(crate) fn new(stream: S, decoder: D) -> Self {
        Self {
            stream,
            decoder,
            arrived: BytesMut::new(),
            leaving: BytesMut::new(),
            left: 0,
            unflushed: false,
        }
    }

    /// The next message; `None` at the end of the stream. A message cut short by it is an error.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<D::Item, FrameError>>> {
        loop {
            if let Some(item) = self.decoder.decode(&mut self.arrived).transpose() {
                return Poll::Ready(Some(item));
            }
            let room = self.arrived.capacity() - self.arrived.len();
            if room < LEAST_READ_BYTES {
                // What was handed out and dropped is room again.
                self.arrived.reserve(READ_BYTES);
            }
            let stream = Pin::new(&mut self.stream);
            match ready!(poll_read_buf(stream, cx, &mut self.arrived)) {
                Ok(0) if self.arrived.is_empty() => return Poll::Ready(None),
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
            while self.left < self.leaving.len() {
                let stream = Pin::new(&mut self.stream);
                let sent = ready!(stream.poll_write(cx, &self.leaving[self.left..]))?;
                if sent == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.left += sent;
                self.unflushed = true;
            }
            self.left = 0;
            self.leaving.clear();
            if self.leaving.capacity() > KEEP_BYTES {
                self.leaving = BytesMut::new();
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
