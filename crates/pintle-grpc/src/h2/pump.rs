//! The sending half of a stream: a body in, frames out.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::h2::{Reason, SendStream};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame};
use pintle_core::Pieces;
use tokio::task::coop;
use tonic::{Status, body::Body};

use super::{panic, status};

/// Moves a body into a stream as fast as the peer reads it, one chunk ahead at most.
#[derive(Debug)]
pub(crate) struct Pump {
    who: &'static str,
    body: Body,
    stream: SendStream<Pieces>,
    /// Waits for room in the peer's window.
    chunk: Option<Bytes>,
}

/// Why a body was not sent to its end.
#[derive(Debug)]
pub(crate) enum PumpError {
    /// The body failed, or panicked; the stream is still usable.
    Body(Status),
    /// The stream is gone. Its receiving half says why.
    Stream,
}

impl Pump {
    /// `who` is blamed for a panic of `body`.
    pub(crate) fn new(who: &'static str, body: Body, stream: SendStream<Pieces>) -> Self {
        Self {
            who,
            body,
            stream,
            chunk: None,
        }
    }

    /// Sends what is ready; ready itself once the body and its end are handed to HTTP/2.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PumpError>> {
        loop {
            // A body that is always ready, read by a peer that always is, would otherwise keep
            // this task from ever looking at its deadline or its cancellation.
            let turn = ready!(coop::poll_proceed(cx));
            if self.chunk.is_some() {
                ready!(self.poll_room(cx))?;
                let chunk = self.chunk.take().unwrap_or_default();
                self.stream.send_data(chunk.into(), false)?;
            }
            let frame = ready!(self.poll_body(cx))?;
            turn.made_progress();
            match frame {
                Some(frame) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    // One byte is enough to be woken: HTTP/2 keeps what the window has no room
                    // for, and asking for all of it would take the room from smaller streams.
                    Ok(data) => {
                        self.stream.reserve_capacity(1);
                        self.chunk = Some(data);
                    }
                    Err(frame) => return Poll::Ready(self.end(frame.into_trailers().ok())),
                },
                None => return Poll::Ready(self.end(None)),
            }
        }
    }

    /// Ends the stream with `status` where the body has failed to.
    pub(crate) fn end_with(&mut self, status: &Status) {
        // Failing means that the stream is gone, and with it whoever would read this.
        let _ = self.stream.send_trailers(status::trailers(status));
    }

    /// Ends the stream as one that nobody wants any more.
    pub(crate) fn cancel(&mut self) {
        self.stream.send_reset(Reason::CANCEL);
    }

    fn end(&mut self, trailers: Option<HeaderMap>) -> Result<(), PumpError> {
        match trailers {
            Some(mut trailers) => {
                status::correct_oversize_in(&mut trailers);
                self.stream.send_trailers(trailers)?;
            }
            None => self.stream.send_data(Pieces::default(), true)?,
        }
        Ok(())
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, PumpError>> {
        let body = Pin::new(&mut self.body);
        match panic::catch(self.who, || body.poll_frame(cx)) {
            Ok(Poll::Ready(Some(Ok(frame)))) => Poll::Ready(Ok(Some(frame))),
            Ok(Poll::Ready(None)) => Poll::Ready(Ok(None)),
            Ok(Poll::Ready(Some(Err(status)))) | Err(status) => {
                Poll::Ready(Err(PumpError::Body(status::correct_oversize(status))))
            }
            // A body may be quiet for hours: only the stream can tell that nobody listens.
            Ok(Poll::Pending) => match self.stream.poll_reset(cx) {
                Poll::Ready(_) => Poll::Ready(Err(PumpError::Stream)),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PumpError>> {
        while self.stream.capacity() == 0 {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(Err(PumpError::Stream)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl From<::h2::Error> for PumpError {
    fn from(_: ::h2::Error) -> Self {
        Self::Stream
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::h2::endless::Endless;

    #[tokio::test]
    async fn a_body_that_is_always_ready_does_not_keep_its_task() {
        let (io, _peer) = tokio::io::duplex(1024);
        let client = ::h2::client::Builder::new();
        let (mut requests, _connection) = client.handshake(io).await.unwrap();
        let head = http::Request::get("http://localhost/").body(()).unwrap();
        let (_response, stream) = requests.send_request(head, false).unwrap();
        let mut pump = Pump::new("the test", Body::new(Endless(b"")), stream);
        let yields = poll_fn(|cx| Poll::Ready(pump.poll(cx).is_pending())).await;
        assert!(yields);
    }
}
