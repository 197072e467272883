//! The task that sends the calls of a stream and hands out the answers.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tarpc::{ChannelError, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Shared, StreamError};
use crate::frame::FrameError;
use crate::messages::{MessageStream, Understand};

/// Runs until the stream ends or the last handle on its calls is dropped; open calls then hear of it.
pub(super) async fn drive<S, U, Resp>(mut messages: MessageStream<S, U>, shared: Arc<Shared<Resp>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    U: Understand<Item = Response<Resp>>,
{
    // Also if the task is dropped with its session.
    let mut ending = Ending {
        shared: &shared,
        error: None,
    };
    if let Err(error) = poll_fn(|cx| poll(&mut messages, &shared, cx)).await {
        tracing::debug!(error = &error as &dyn std::error::Error, "calls ended");
        ending.error = Some(error);
    }
}

fn poll<S, U, Resp>(
    messages: &mut MessageStream<S, U>,
    shared: &Shared<Resp>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), StreamError>>
where
    S: AsyncRead + AsyncWrite + Unpin,
    U: Understand<Item = Response<Resp>>,
{
    let sent = messages.poll_send(cx, &shared.outgoing).map_err(|error| {
        let error: Arc<dyn std::error::Error + Send + Sync> = Arc::new(FrameError::from(error));
        ChannelError::Write(error)
    })?;
    while let Poll::Ready(next) = messages.poll_next(cx) {
        match next {
            Some(Ok(Response {
                request_id,
                message,
            })) => shared.open.answered(request_id, message),
            Some(Err(error)) => return Poll::Ready(Err(ChannelError::Read(Arc::new(error)))),
            None => return Poll::Ready(Ok(())),
        }
    }
    if sent.is_ready() && shared.outgoing.is_closed() {
        // Nobody is left to hear that it failed.
        let _ = ready!(messages.poll_shutdown(cx));
        return Poll::Ready(Ok(()));
    }
    Poll::Pending
}

struct Ending<'a, Resp> {
    shared: &'a Shared<Resp>,
    error: Option<StreamError>,
}

impl<Resp> Drop for Ending<'_, Resp> {
    fn drop(&mut self) {
        // First the reason, then whoever waits.
        self.shared.open.ended(self.error.take());
        self.shared.outgoing.close();
    }
}
