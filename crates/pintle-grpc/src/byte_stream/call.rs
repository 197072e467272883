//! One side of a call, as a stream of bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use pintle_core::Tasks;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::PollSender;
use tonic::{Code, Status};

use super::body::Incoming;
use super::chunk::{self, Part};
use crate::broker::BrokerError;

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
    answering: Option<mpsc::Sender<Bytes>>,
    tasks: Tasks,
}

#[derive(Debug)]
enum Reading {
    /// The other side has yet to answer that it has the stream.
    Opening(u32, Answer),
    Open(Incoming),
    /// The other side has ended its direction; the call goes on.
    Ended(Incoming),
    /// It stopped before that. Whoever asks next is told why, too: reads and writes may be asked
    /// about by two.
    Broken(Broken),
}

/// The answer to a call that was made.
type Answer = oneshot::Receiver<Result<Incoming, Status>>;

/// Why a direction stopped before its end.
#[derive(Clone, Debug)]
enum Broken {
    /// The call ended as if nothing were missing.
    Off,
    /// Nobody waits for its answer any more.
    Gone,
    /// The call failed.
    By(Status),
    /// What is served under the id is no stream, or not any more.
    Refused(u32, Status),
}

#[derive(Debug)]
enum Writing {
    Open(PollSender<Bytes>),
    Ended,
}

impl Call {
    pub(super) fn caller(
        id: u32,
        answer: Answer,
        outgoing: mpsc::Sender<Bytes>,
        tasks: &Tasks,
    ) -> Self {
        Self::new(Reading::Opening(id, answer), outgoing, None, tasks)
    }

    pub(super) fn callee(incoming: Incoming, outgoing: mpsc::Sender<Bytes>, tasks: &Tasks) -> Self {
        let answering = Some(outgoing.clone());
        Self::new(Reading::Open(incoming), outgoing, answering, tasks)
    }

    fn new(
        reading: Reading,
        outgoing: mpsc::Sender<Bytes>,
        answering: Option<mpsc::Sender<Bytes>>,
        tasks: &Tasks,
    ) -> Self {
        Self {
            reading,
            unread: Bytes::new(),
            writing: Writing::Open(PollSender::new(outgoing)),
            answering,
            tasks: tasks.clone(),
        }
    }

    /// Takes the next chunk in; ready when there is something new to know.
    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Reading::Opening(id, answer) = &mut self.reading {
            let (id, answer) = (*id, ready!(Pin::new(answer).poll(cx)));
            self.reading = opened(id, answer.ok());
        }
        let incoming = match &mut self.reading {
            Reading::Open(incoming) => incoming,
            Reading::Opening(..) | Reading::Ended(_) => return Poll::Ready(Ok(())),
            Reading::Broken(broken) => return Poll::Ready(Err(broken.clone().into())),
        };
        let broken = match ready!(incoming.poll_next(cx)) {
            Some(Ok(Part::Data(data))) => {
                self.unread = data;
                return Poll::Ready(Ok(()));
            }
            Some(Ok(Part::End)) => {
                if let Reading::Open(incoming) =
                    std::mem::replace(&mut self.reading, Reading::Broken(Broken::Off))
                {
                    self.reading = Reading::Ended(incoming);
                    self.settle();
                }
                return Poll::Ready(Ok(()));
            }
            Some(Err(status)) => Broken::By(status),
            None => Broken::Off,
        };
        self.reading = Reading::Broken(broken.clone());
        Poll::Ready(Err(broken.into()))
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
        // The call is over; the reading half knows why, if nothing is before that. Whoever reads
        // waits for the answer, and is the one to be woken by it.
        if let Reading::Opening(id, answer) = &mut self.reading {
            match answer.try_recv() {
                Ok(answer) => self.reading = opened(*id, Some(answer)),
                Err(TryRecvError::Closed) => self.reading = opened(*id, None),
                Err(TryRecvError::Empty) => {}
            }
        }
        if self.unread.is_empty()
            && !matches!(self.reading, Reading::Opening(..))
            && let Poll::Ready(Err(error)) = self.poll_arrival(cx)
        {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, Gone)))
    }

    fn send(&mut self, frame: Bytes) -> io::Result<()> {
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, Gone);
        match &mut self.writing {
            Writing::Open(outgoing) => outgoing.send_item(frame).map_err(|_| gone()),
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
        let data = &buf[..buf.len().min(CHUNK_BYTES)];
        self.send(chunk::frame(data))?;
        Poll::Ready(Ok(data.len()))
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
        self.send(Bytes::from_static(chunk::END_FRAME))?;
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
        let reading = std::mem::replace(&mut self.reading, Reading::Broken(Broken::Off));
        let answering = self.answering.take();
        if let Writing::Open(_) = self.writing {
            return;
        }
        let read_out = async move {
            let mut incoming = match reading {
                Reading::Opening(_, answer) => match answer.await {
                    Ok(Ok(incoming)) => incoming,
                    _ => return,
                },
                Reading::Open(incoming) | Reading::Ended(incoming) => incoming,
                Reading::Broken(_) => return,
            };
            while let Some(Ok(Part::Data(_))) = incoming.next().await {}
            // The caller hears from the callee's end of the call that everything arrived.
            drop(answering);
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

/// What is to be read after the answer to a call, which is `None` when the session ended before.
fn opened(id: u32, answer: Option<Result<Incoming, Status>>) -> Reading {
    Reading::Broken(match answer {
        Some(Ok(incoming)) => return Reading::Open(incoming),
        Some(Err(status)) if status.code() == Code::Unavailable => Broken::By(status),
        Some(Err(status)) => Broken::Refused(id, status),
        None => Broken::Gone,
    })
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        let reset = io::ErrorKind::ConnectionReset;
        match broken {
            Broken::Off => Self::new(reset, "the other side dropped the stream before its end"),
            Broken::Gone => Self::new(reset, Gone),
            Broken::By(status) => Self::new(reset, status),
            Broken::Refused(id, status) => {
                let status = Box::new(status);
                let error = BrokerError::NoStream { id, status };
                Self::new(io::ErrorKind::ConnectionRefused, error)
            }
        }
    }
}
