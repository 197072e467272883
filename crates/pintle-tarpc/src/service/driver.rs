//! The task that takes the calls of a stream and sends the answers.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use pintle_core::Stream;
use tarpc::{ClientMessage, Request, RequestName, ServerError};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::answers::Answers;
use super::{Calls, Serving, work};
use crate::form::{Reads, Writes};
use crate::frame::FrameError;
use crate::messages::{self, Asked, MessageStream};

/// How many calls are begun before other tasks have a turn.
const CALLS_AT_ONCE: usize = 64;

/// One stream of one service. Dropping it ends its calls.
pub(super) struct Driver<Form: Writes<Resp>, Req, Resp: Send + 'static, F> {
    calls: Calls<Form, Req, Resp, F>,
    messages: MessageStream<Stream, messages::Serving<Form, Req, Resp>>,
    answers: Arc<Answers<Form, Resp>>,
    serving: Serving,
    /// A call that needs not wait is answered on the spot, if there is no other thread that could
    /// work on it meanwhile.
    on_the_spot: bool,
    stopping: bool,
}

impl<Form, Req, Resp, F, Fut> Driver<Form, Req, Resp, F>
where
    Form: Reads<Req> + Writes<Resp>,
    Req: RequestName + Send + 'static,
    Resp: Send + 'static,
    F: Fn(tarpc::context::Context, Req) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Resp, ServerError>> + Send + 'static,
{
    pub(super) fn new(calls: Calls<Form, Req, Resp, F>, stream: Stream, serving: Serving) -> Self {
        let on_the_spot = Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread;
        Self {
            calls,
            messages: MessageStream::new(stream, serving.wire.serving()),
            answers: Arc::new(Answers::new(serving.wire)),
            serving,
            on_the_spot,
            stopping: false,
        }
    }

    /// Lets the open calls finish, passes over new ones, and ends the stream then.
    pub(super) fn stop(&mut self) {
        self.stopping = true;
    }

    /// Ready when the stream has ended.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FrameError>> {
        let mut left = CALLS_AT_ONCE;
        loop {
            let sent = self.messages.poll_send(cx, &self.answers.outgoing)?;
            if self.stopping && sent.is_ready() && self.answers.open_calls() == 0 {
                // Whoever does not take the end has to do without.
                let _ = ready!(self.messages.poll_shutdown(cx));
                return Poll::Ready(Ok(()));
            }
            match ready!(self.poll_messages(cx, &mut left))? {
                Taken::Answered => {}
                Taken::End => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Takes what has come, as long as answers find room. Ready when there is something to send, or
    /// nothing more to take.
    fn poll_messages(
        &mut self,
        cx: &mut Context<'_>,
        left: &mut usize,
    ) -> Poll<Result<Taken, FrameError>> {
        let mut answered = false;
        while self.answers.outgoing.has_room() {
            if *left == 0 {
                cx.waker().wake_by_ref();
                break;
            }
            *left -= 1;
            match self.messages.poll_next(cx) {
                Poll::Ready(Some(message)) => answered |= self.take(message?),
                Poll::Ready(None) => return Poll::Ready(Ok(Taken::End)),
                Poll::Pending => break,
            }
        }
        match answered {
            true => Poll::Ready(Ok(Taken::Answered)),
            false => Poll::Pending,
        }
    }

    /// Takes one message; whether it was answered on the spot.
    fn take(&mut self, message: ClientMessage<Asked<Req>>) -> bool {
        let Request {
            context,
            id,
            message: asked,
        } = match message {
            ClientMessage::Request(request) if !self.stopping => request,
            ClientMessage::Cancel { request_id, .. } => {
                self.answers.cancel(request_id);
                return false;
            }
            _ => return false,
        };
        if self.answers.is_open(id) {
            tracing::debug!(id, "a call with the id of one that is open is passed over");
            return false;
        }
        let answer = match asked {
            Asked::Unreadable(error) => Err(error),
            Asked::Readable(_) if self.answers.open_calls() >= self.serving.max_calls => {
                let text = "the other side works on as many calls as it may".to_owned();
                Err(ServerError::new(ErrorKind::WouldBlock, text))
            }
            Asked::Readable(request) => {
                let mut work = Box::pin(work(self.calls.calls.clone(), context, request));
                match self.poll_on_the_spot(work.as_mut()) {
                    Poll::Ready(answer) => answer,
                    Poll::Pending => {
                        let task = self.answers.task(id, context, work);
                        self.serving.tasks.spawn(task);
                        return false;
                    }
                }
            }
        };
        self.answers.put(id, answer);
        true
    }

    fn poll_on_the_spot<W: Future>(&self, work: Pin<&mut W>) -> Poll<W::Output> {
        match self.on_the_spot {
            // Its task polls it at once if it has to wait, so no wake is missed.
            true => work.poll(&mut Context::from_waker(Waker::noop())),
            false => Poll::Pending,
        }
    }
}

enum Taken {
    Answered,
    End,
}

impl<Form: Writes<Resp>, Req, Resp: Send + 'static, F> Drop for Driver<Form, Req, Resp, F> {
    fn drop(&mut self) {
        self.answers.end();
    }
}
