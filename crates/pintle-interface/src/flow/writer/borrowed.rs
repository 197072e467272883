//! A writer whose sink is with the other side.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use pintle_core::{SessionClosed, Stream as Wire};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::task::unconstrained;

use crate::flow::failure::Failure;
use crate::flow::frame::{END_FRAME, ItemHead, failure_frame};
use crate::flow::incoming::{Ending, Incoming};
use crate::flow::piece::MAX_PIECE_BYTES;

/// Sends items, and hears in the other direction what becomes of them.
#[derive(Debug)]
pub(super) struct Borrowed {
    /// Where the answer comes from; the stream in it is also where items go.
    answer: Incoming<Wire>,
    /// The rest of a frame of which a part was sent.
    unsent: BytesMut,
    state: State,
}

#[derive(Debug)]
enum State {
    Open,
    /// Everything was written; the end is among what is unsent, or was sent.
    Ending,
    /// Our direction is ended; the answer is to come.
    Ended,
    /// The sink has everything.
    Delivered,
    Failed(Failure),
}

impl Borrowed {
    pub(super) fn new(stream: Wire) -> Self {
        Self {
            answer: Incoming::new(stream),
            unsent: BytesMut::new(),
            state: State::Open,
        }
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &self.state {
            State::Open => {}
            State::Failed(failure) => return Poll::Ready(Err(failure.to_io())),
            _ => return Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
        }
        self.still_taken(cx)?;
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let written = self.poll_frame(cx, bytes);
        self.explained(cx, written)
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.state {
            State::Open => {}
            State::Failed(failure) => return Poll::Ready(Err(failure.to_io())),
            _ => return Poll::Ready(Ok(())),
        }
        self.still_taken(cx)?;
        let flushed = match self.poll_unsent(cx) {
            Poll::Ready(Ok(())) => Pin::new(self.answer.stream()).poll_flush(cx),
            unsent => unsent,
        };
        self.explained(cx, flushed)
    }

    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match &self.state {
                State::Delivered => return Poll::Ready(Ok(())),
                State::Failed(failure) => return Poll::Ready(Err(failure.to_io())),
                State::Open => {
                    self.unsent.extend_from_slice(&END_FRAME);
                    self.state = State::Ending;
                }
                State::Ending => {
                    let ended = match self.poll_unsent(cx) {
                        Poll::Ready(Ok(())) => Pin::new(self.answer.stream()).poll_shutdown(cx),
                        unsent => unsent,
                    };
                    if let Poll::Ready(Ok(())) = ended {
                        self.state = State::Ended;
                        continue;
                    }
                    // The other side may have answered, and gone, before our direction is ended;
                    // and it may refuse before it has everything.
                    let answer = match ended.is_ready() {
                        true => self.last_answer(cx),
                        false => self.poll_answer(cx),
                    };
                    match answer {
                        Poll::Pending => return ended.map(|broken| self.remember(broken)),
                        Poll::Ready(Ok(())) if self.unsent.is_empty() => {
                            self.state = State::Delivered;
                        }
                        Poll::Ready(answer) => {
                            let refused = answer.and_then(|()| Err(gone()));
                            return Poll::Ready(self.remember(refused));
                        }
                    }
                }
                State::Ended => {
                    let answer = ready!(self.poll_answer(cx));
                    self.remember(answer)?;
                    self.state = State::Delivered;
                }
            }
        }
    }

    /// Says why no more comes; whoever is gone need not know.
    pub(super) async fn fail(mut self, failure: &Failure) {
        if let State::Open = self.state {
            self.unsent.extend_from_slice(&failure_frame(failure));
            let stream = self.answer.stream();
            if stream.write_all_buf(&mut self.unsent).await.is_ok() {
                let _ = stream.shutdown().await;
            }
        }
    }

    /// Sends `bytes`, as far as one item goes, or keeps what the stream has no room for.
    ///
    /// A frame once begun has to be completed, and a writer may come back with other bytes or none,
    /// so we cannot leave the rest of a frame with it.
    fn poll_frame(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_unsent(cx))?;
        let bytes = &bytes[..bytes.len().min(MAX_PIECE_BYTES)];
        let head = ItemHead::of(bytes.len());
        let head = head.as_bytes();
        let stream = self.answer.stream();
        let mut sent = 0;
        if stream.is_write_vectored() {
            let parts = [IoSlice::new(head), IoSlice::new(bytes)];
            sent = ready!(Pin::new(stream).poll_write_vectored(cx, &parts))?;
        }
        let (of_head, of_bytes) = (sent.min(head.len()), sent.saturating_sub(head.len()));
        self.unsent.extend_from_slice(&head[of_head..]);
        self.unsent.extend_from_slice(&bytes[of_bytes..]);
        if let Poll::Ready(sent) = self.poll_unsent(cx) {
            sent?;
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let stream = Pin::new(self.answer.stream());
            match ready!(stream.poll_write(cx, &self.unsent))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                sent => self.unsent.advance(sent),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Fails once the other side has said that its sink takes no more, or is gone.
    fn still_taken(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.poll_answer(cx) {
            Poll::Pending => Ok(()),
            Poll::Ready(Err(error)) => self.remember(Err(error)),
            // It has not heard the end from us, so that is not what it speaks of.
            Poll::Ready(Ok(())) => self.remember(Err(gone())),
        }
    }

    /// What became of all that was written. Not to be asked again once it was said.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let answer = match ready!(self.answer.poll_item(cx)) {
            Ok(Some(Ending::Whole)) => Ok(()),
            Ok(Some(Ending::Failed(failure))) => Err(failure.to_io()),
            Ok(None) => {
                let what = "whoever has the sink sends bytes itself";
                Err(io::Error::new(ErrorKind::InvalidData, what))
            }
            // An end that is due to that of the session has more to say than that.
            Err(error)
                if error.kind() == ErrorKind::UnexpectedEof
                    && SessionClosed::of(&error).is_none() =>
            {
                Err(gone())
            }
            Err(error) => Err(error),
        };
        Poll::Ready(answer)
    }

    /// As `poll_answer`, where the stream is broken: there is no other chance to ask, so this is not
    /// the moment to let other tasks go first.
    fn last_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let answer = unconstrained(poll_fn(|cx| self.poll_answer(cx)));
        pin!(answer).poll(cx)
    }

    /// The stream says only that it is broken; the answer, if there is one, says why.
    fn explained<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let Poll::Ready(Err(error)) = outcome else {
            return outcome;
        };
        let reason = match self.last_answer(cx) {
            Poll::Ready(Err(reason)) => reason,
            _ => error,
        };
        Poll::Ready(self.remember(Err(reason)))
    }

    /// This error has the reason; those after it repeat what it says.
    fn remember<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &outcome {
            self.state = State::Failed(Failure::of(error));
        }
        outcome
    }
}

fn gone() -> io::Error {
    let what = "whoever has the sink takes no more";
    io::Error::new(ErrorKind::BrokenPipe, what)
}
