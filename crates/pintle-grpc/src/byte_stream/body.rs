//! The two bodies of the call: what is sent, and what is received.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame};
use tokio::sync::mpsc;
use tokio::task::coop;
use tonic::Status;
use tonic::body::Body;

use super::chunk::{Chunks, Part};
use crate::h2::outcome;

/// Frames that somebody writes; with trailers behind them, if it is an answer.
#[derive(Debug)]
pub(super) struct Outgoing {
    frames: mpsc::Receiver<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Outgoing {
    pub(super) fn new(frames: mpsc::Receiver<Bytes>, trailers: Option<HeaderMap>) -> Self {
        Self { frames, trailers }
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = match ready!(self.frames.poll_recv(cx)) {
            Some(frame) => Some(Frame::data(frame)),
            None => self.trailers.take().map(Frame::trailers),
        };
        Poll::Ready(frame.map(Ok))
    }
}

/// Chunks that arrive.
#[derive(Debug)]
pub(super) struct Incoming {
    body: Body,
    chunks: Chunks,
    /// What has come and was not taken apart.
    arrived: Bytes,
    /// An answer ends with a status, and is not whole without it.
    is_answer: bool,
}

impl Incoming {
    /// What a caller sends.
    pub(super) fn request(body: Body) -> Self {
        Self::new(body, false)
    }

    /// What a callee sends.
    pub(super) fn answer(body: Body) -> Self {
        Self::new(body, true)
    }

    fn new(body: Body, is_answer: bool) -> Self {
        Self {
            body,
            chunks: Chunks::default(),
            arrived: Bytes::new(),
            is_answer,
        }
    }

    /// The next part; `None` when the call ended well.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Part, Status>>> {
        loop {
            if let Some(part) = self.chunks.next(&mut self.arrived).transpose() {
                return Poll::Ready(Some(part));
            }
            // A peer whose chunks say nothing, and never pause, must not keep this task for ever.
            let turn = ready!(coop::poll_proceed(cx));
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            turn.made_progress();
            match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.arrived = data,
                    Err(frame) => {
                        let trailers = frame.into_trailers().unwrap_or_default();
                        return Poll::Ready(self.end(&trailers));
                    }
                },
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                None => return Poll::Ready(self.end(&HeaderMap::new())),
            }
        }
    }

    pub(super) async fn next(&mut self) -> Option<Result<Part, Status>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn end(&self, trailers: &HeaderMap) -> Option<Result<Part, Status>> {
        let no_status = || Err(Status::unknown("the answer ended without a status"));
        match self.is_answer {
            true => outcome(trailers).unwrap_or_else(no_status).err().map(Err),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h2::endless::Endless;

    #[tokio::test]
    async fn a_peer_whose_chunks_say_nothing_does_not_keep_the_task_that_reads() {
        let nothing = Endless(&[0; 5]);
        let mut incoming = Incoming::request(Body::new(nothing));
        let yields = poll_fn(|cx| Poll::Ready(incoming.poll_next(cx).is_pending())).await;
        assert!(yields);
    }
}
