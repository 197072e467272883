//! The receiving half of a stream, read under a message limit.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::h2::RecvStream;
use bytes::Bytes;
use http_body::{Body, Frame};
use tonic::{Code, Status};

use super::{
    message::{MessageScanner, Oversized},
    status,
};

/// A body as it arrives, ended by the first message that is too long.
#[derive(Debug)]
pub(crate) struct Receiver {
    stream: RecvStream,
    scanner: MessageScanner,
    /// Found behind accepted messages that are delivered first.
    oversized: Option<Oversized>,
    ended: bool,
}

/// Why a body ended early.
#[derive(Debug)]
pub(crate) enum ReceiveError {
    Oversized(Oversized),
    Stream(::h2::Error),
}

impl Receiver {
    pub(crate) fn new(stream: RecvStream, limit: usize) -> Self {
        Self {
            stream,
            scanner: MessageScanner::new(limit),
            oversized: None,
            ended: false,
        }
    }

    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReceiveError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = ready!(self.poll_next(cx));
        self.ended = !matches!(&frame, Some(Ok(frame)) if frame.is_data());
        Poll::Ready(frame)
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.ended || (self.oversized.is_none() && self.stream.is_end_stream())
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReceiveError>>> {
        if let Some(oversized) = self.oversized.take() {
            return Poll::Ready(Some(Err(ReceiveError::Oversized(oversized))));
        }
        match ready!(self.stream.poll_data(cx)) {
            Some(Ok(data)) => Poll::Ready(Some(self.accept(data).map(Frame::data))),
            Some(Err(error)) => Poll::Ready(Some(Err(ReceiveError::Stream(error)))),
            None => self
                .stream
                .poll_trailers(cx)
                .map(|trailers| match trailers {
                    Ok(trailers) => trailers.map(Frame::trailers).map(Ok),
                    Err(error) => Some(Err(ReceiveError::Stream(error))),
                }),
        }
    }

    fn accept(&mut self, mut data: Bytes) -> Result<Bytes, ReceiveError> {
        // Whoever polls takes the data, so the peer may send as much again. This fails only on a
        // stream that has ended, whose window nobody needs.
        let _ = self.stream.flow_control().release_capacity(data.len());
        match self.scanner.scan(&data) {
            Ok(()) => Ok(data),
            Err(oversized) if oversized.accepted > 0 => {
                data.truncate(oversized.accepted);
                self.oversized = Some(oversized);
                Ok(data)
            }
            Err(oversized) => Err(ReceiveError::Oversized(oversized)),
        }
    }
}

impl From<Oversized> for Status {
    fn from(oversized: Oversized) -> Self {
        Self::resource_exhausted(oversized.to_string())
    }
}

/// The body of a request, as the answering side reads it.
#[derive(Debug)]
pub(crate) struct RequestBody(Receiver);

impl RequestBody {
    pub(crate) fn new(stream: RecvStream, limit: usize) -> Self {
        Self(Receiver::new(stream, limit))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.0.poll_frame(cx).map_err(Status::from)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}

/// As the answering side tells it.
impl From<ReceiveError> for Status {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Oversized(oversized) => oversized.into(),
            ReceiveError::Stream(error) => interrupted(&error),
        }
    }
}

/// A request that stopped before its end.
///
/// Tonic shows a service a `Cancelled` request as one that ended well, and a service could then
/// store half an upload as the whole: the caller's cancellation is told as `Aborted`.
fn interrupted(error: &::h2::Error) -> Status {
    match status::of_reset(error) {
        Some(status) if status.code() == Code::Cancelled => {
            Status::aborted("the caller cancelled the call")
        }
        Some(status) => status,
        None => Status::unavailable("the connection to the caller was lost"),
    }
}
