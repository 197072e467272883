//! The body of an answer, as the caller reads it.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use ::h2::RecvStream;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http_body::{Body, Frame};
use tonic::Status;

use super::{
    BoxFuture,
    call::{Upload, explain},
    channel::Connection,
    deadline::Deadline,
    receive::{ReceiveError, Receiver},
    status,
};

/// An answer that ends with its trailers, or with the status of what ended it.
///
/// Dropping it before its end cancels the call.
pub(crate) struct ReplyBody(State);

enum State {
    Open(Open),
    /// The stream has failed and the connection is being asked why.
    Failing(BoxFuture<Status>),
    Ended,
}

struct Open {
    connection: Arc<Connection>,
    /// Names the call.
    method: Option<PathAndQuery>,
    receiver: Receiver,
    upload: Upload,
    deadline: Option<Deadline>,
}

impl ReplyBody {
    pub(crate) fn new(
        connection: Arc<Connection>,
        method: Option<PathAndQuery>,
        stream: RecvStream,
        upload: Upload,
        deadline: Option<Deadline>,
    ) -> Self {
        let receiver = Receiver::new(stream, connection.limits.decode_bytes);
        Self(State::Open(Open {
            connection,
            method,
            receiver,
            upload,
            deadline,
        }))
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            let step = match &mut self.0 {
                State::Open(open) => ready!(open.poll(cx)),
                State::Failing(explained) => Step::Fail(ready!(explained.as_mut().poll(cx))),
                State::Ended => return Poll::Ready(None),
            };
            match step {
                Step::Data(frame) => return Poll::Ready(Some(Ok(frame))),
                Step::End(trailers) => {
                    self.0 = State::Ended;
                    return Poll::Ready(trailers.map(Ok));
                }
                Step::Fail(status) => {
                    self.0 = State::Ended;
                    return Poll::Ready(Some(Err(status)));
                }
                Step::Ask(error) => {
                    // The stream is dropped, and with it whatever the peer still sends.
                    if let State::Open(open) = std::mem::replace(&mut self.0, State::Ended) {
                        let Open {
                            connection,
                            method,
                            deadline,
                            ..
                        } = open;
                        self.0 = State::Failing(Box::pin(async move {
                            explain(&connection, method.as_ref(), deadline.as_ref(), error).await
                        }));
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            State::Open(open) => open.receiver.is_end_stream(),
            State::Failing(_) => false,
            State::Ended => true,
        }
    }
}

/// What comes next of an open answer.
enum Step {
    Data(Frame<Bytes>),
    End(Option<Frame<Bytes>>),
    Fail(Status),
    Ask(::h2::Error),
}

impl Open {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        // Before the data, or an answer that never pauses would never expire.
        if let Some(deadline) = &mut self.deadline
            && let Poll::Ready(expired) = deadline.poll(cx)
        {
            return Poll::Ready(Step::Fail(expired));
        }
        // Before the stream, which only knows that this side has reset it.
        if let Poll::Ready(failed) = self.upload.poll_failed(cx) {
            return Poll::Ready(Step::Fail(failed));
        }
        Poll::Ready(match ready!(self.receiver.poll_frame(cx)) {
            Some(Ok(frame)) => match frame.into_trailers() {
                Ok(mut trailers) => {
                    status::sanitize_details(&mut trailers);
                    Step::End(Some(Frame::trailers(trailers)))
                }
                Err(data) => Step::Data(data),
            },
            Some(Err(ReceiveError::Oversized(oversized))) => Step::Fail(oversized.into()),
            Some(Err(ReceiveError::Stream(error))) => Step::Ask(error),
            None => Step::End(None),
        })
    }
}

impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyBody").finish_non_exhaustive()
    }
}
