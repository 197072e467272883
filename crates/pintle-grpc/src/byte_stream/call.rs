//! One side of a call, as a stream of bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_core::Stream as _;
use pintle_core::Tasks;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_util::sync::PollSender;
use tonic::{Status, Streaming};

use crate::generated::pintle::Chunk;

/// How much is put into one message.
const CHUNK_BYTES: usize = 64 * 1024;

/// How long a stream that was shut down and dropped may take to send what was written to it.
const LINGER: Duration = Duration::from_secs(30);

/// One side of a call, as a stream of bytes.
///
/// A direction ends well with a chunk that says so, and only then: the end of
/// the call itself may be that of a peer which was dropped half-way.
#[derive(Debug)]
pub(crate) struct Call {
    reading: Reading,
    /// What has arrived and not been read.
    unread: Bytes,
    writing: Writing,
    /// Keeps the call open until both directions have ended; the caller's half
    /// cannot, and need not.
    answering: Option<mpsc::Sender<Chunk>>,
    tasks: Tasks,
}

#[derive(Debug)]
enum Reading {
    Open(Streaming<Chunk>),
    /// The other side has ended its direction; the call goes on.
    Ended(Streaming<Chunk>),
    /// It stopped before that, for this reason if one is known. Whoever asks next is told it, too:
    /// reads and writes may be asked about by two.
    Broken(Option<Status>),
}

#[derive(Debug)]
enum Writing {
    Open(PollSender<Chunk>),
    Ended,
}

impl Call {
    pub(super) fn caller(
        incoming: Streaming<Chunk>,
        outgoing: mpsc::Sender<Chunk>,
        tasks: &Tasks,
    ) -> Self {
        Self {
            reading: Reading::Open(incoming),
            unread: Bytes::new(),
            writing: Writing::Open(PollSender::new(outgoing)),
            answering: None,
            tasks: tasks.clone(),
        }
    }

    pub(super) fn callee(
        incoming: Streaming<Chunk>,
        outgoing: mpsc::Sender<Chunk>,
        tasks: &Tasks,
    ) -> Self {
        let answering = Some(outgoing.clone());
        let mut call = Self::caller(incoming, outgoing, tasks);
        call.answering = answering;
        call
    }

    /// Takes the next chunk in; ready when there is something new to know.
    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let incoming = match &mut self.reading {
            Reading::Open(incoming) => incoming,
            Reading::Ended(_) => return Poll::Ready(Ok(())),
            Reading::Broken(status) => return Poll::Ready(Err(broken_off(status.clone()))),
        };
        match ready!(Pin::new(incoming).poll_next(cx)) {
            Some(Ok(chunk)) => {
                self.unread = chunk.data;
                if chunk.end
                    && let Reading::Open(incoming) =
                        std::mem::replace(&mut self.reading, Reading::Broken(None))
                {
                    self.reading = Reading::Ended(incoming);
                    self.settle();
                }
                Poll::Ready(Ok(()))
            }
            Some(Err(status)) => {
                self.reading = Reading::Broken(Some(status.clone()));
                Poll::Ready(Err(broken_off(Some(status))))
            }
            None => {
                self.reading = Reading::Broken(None);
                Poll::Ready(Err(broken_off(None)))
            }
        }
    }

    /// Lets the call end once both directions have.
    fn settle(&mut self) {
        if let (Reading::Ended(_), Writing::Ended) = (&self.reading, &self.writing) {
            self.answering = None;
        }
    }

    /// Ready when there is room for a chunk.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Writing::Open(outgoing) = &mut self.writing else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        if ready!(outgoing.poll_reserve(cx)).is_ok() {
            return Poll::Ready(Ok(()));
        }
        // The call is over; the reading half knows why, if nothing is before that.
        if self.unread.is_empty()
            && let Poll::Ready(Err(error)) = self.poll_arrival(cx)
        {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, Gone)))
    }

    fn send(&mut self, chunk: Chunk) -> io::Result<()> {
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, Gone);
        match &mut self.writing {
            Writing::Open(outgoing) => outgoing.send_item(chunk).map_err(|_| gone()),
            Writing::Ended => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl AsyncRead for Call {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.unread.is_empty() {
            if let Reading::Ended(_) = self.reading {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_arrival(cx))?;
        }
        let length = self.unread.len().min(buf.remaining());
        buf.put_slice(&self.unread[..length]);
        self.unread.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Call {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_room(cx))?;
        let data = Bytes::copy_from_slice(&buf[..buf.len().min(CHUNK_BYTES)]);
        let length = data.len();
        self.send(Chunk { data, end: false })?;
        Poll::Ready(Ok(length))
    }

    /// What was written is on its way as fast as the other side reads.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Writing::Ended = self.writing {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_room(cx))?;
        self.send(Chunk {
            data: Bytes::new(),
            end: true,
        })?;
        self.writing = Writing::Ended;
        self.settle();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Call {
    /// What was written before a shutdown is still sent: the call is kept until
    /// the other side has ended it, or has had its time. Without a shutdown it
    /// is broken off.
    fn drop(&mut self) {
        let reading = std::mem::replace(&mut self.reading, Reading::Broken(None));
        let answering = self.answering.take();
        let mut incoming = match (&self.writing, reading) {
            (Writing::Ended, Reading::Open(incoming) | Reading::Ended(incoming)) => incoming,
            _ => return,
        };
        let read_out = async move {
            let _answering = answering;
            while let Some(Ok(chunk)) = incoming.next().await {
                if chunk.end {
                    break;
                }
            }
            // The caller hears from the callee's end of the call that everything arrived.
            drop(_answering);
            while let Some(Ok(_)) = incoming.next().await {}
        };
        self.tasks.spawn(async move {
            let _ = tokio::time::timeout(LINGER, read_out).await;
        });
    }
}

/// The other side does not read any more.
#[derive(Debug, thiserror::Error)]
#[error("the other side of the stream is gone")]
pub(crate) struct Gone;

fn broken_off(status: Option<Status>) -> io::Error {
    let kind = io::ErrorKind::ConnectionReset;
    match status {
        Some(status) => io::Error::new(kind, status),
        None => io::Error::new(kind, "the other side dropped the stream before its end"),
    }
}
