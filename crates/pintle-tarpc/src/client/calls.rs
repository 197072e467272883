//! What every channel of calls has, whatever the calls are made of.

mod driver;
mod lost;
mod open;

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Instant;

use pintle_core::{Pieces, Stream, Tasks};
use tarpc::client::RpcError;
use tarpc::context::Context;
use tarpc::{ClientMessage, Request};
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use crate::envelope::{MAX_CALL_TIME, is_forever};
use crate::form::{Reads, Writes};
use crate::frame::FrameError;
use crate::messages::{MessageStream, Wire};
use crate::outgoing::Outgoing;
pub(crate) use lost::Lost;
use lost::StreamError;
use open::{OpenCall, OpenCalls};

/// The calls of one stream.
///
/// They are written by whoever makes them, and leave together; one task, the [driver](driver), sends
/// them and hands the answers out. When the last handle is dropped, so is the stream.
pub(crate) struct Calls<Req, Resp> {
    handle: Arc<Handle<Req, Resp>>,
    lost: Lost,
}

/// Ends the driver when it goes.
struct Handle<Req, Resp> {
    shared: Arc<Shared<Resp>>,
    write: fn(Wire, ClientMessage<Req>, &mut Pieces) -> Result<(), FrameError>,
    wire: Wire,
    /// As many as the peer works on at a time.
    turns: Semaphore,
}

/// What the calls share with the driver.
struct Shared<Resp> {
    open: OpenCalls<Resp>,
    outgoing: Outgoing,
}

impl<Req, Resp> Calls<Req, Resp> {
    /// Begins to call on a stream; a task of `tasks` keeps the calls going.
    pub(crate) fn open<Form>(stream: Stream, wire: Wire, tasks: &Tasks, lost: Lost) -> Self
    where
        Form: Writes<Req> + Reads<Resp>,
        Req: Send + 'static,
        Resp: Send + 'static,
    {
        let shared = Arc::new(Shared {
            open: OpenCalls::default(),
            outgoing: Outgoing::default(),
        });
        let messages = MessageStream::new(stream, wire.calling::<Form, Req, Resp>());
        tasks.spawn(driver::drive(messages, Arc::clone(&shared)));
        Self {
            handle: Arc::new(Handle {
                shared,
                write: |wire, message, to| wire.calling::<Form, Req, Resp>().write(message, to),
                wire,
                turns: Semaphore::new(wire.calls.min(Semaphore::MAX_PERMITS)),
            }),
            lost,
        }
    }

    /// `name` is what the call is named by if its session is lost.
    ///
    /// The deadline counts from the call, not from its turn.
    pub(crate) async fn call(
        &self,
        mut context: Context,
        request: Req,
        name: Option<&'static str>,
    ) -> Result<Resp, RpcError> {
        let now = Instant::now();
        // A deadline further away than timers reach would make them panic.
        context.deadline = context.deadline.min(now + MAX_CALL_TIME);
        let call = self.handle.call(context, request);
        let outcome = match is_forever(context.deadline, now) {
            true => call.await,
            false => timeout_at(context.deadline.into(), call)
                .await
                .unwrap_or(Err(RpcError::DeadlineExceeded)),
        };
        match outcome {
            Err(RpcError::Shutdown) => Err(self.lost.error(name, None).await),
            Err(RpcError::Channel(error)) => Err(self.lost.error(name, Some(error)).await),
            outcome => outcome,
        }
    }
}

impl<Req, Resp> Handle<Req, Resp> {
    /// Dropping the future cancels the call on the other side.
    async fn call(&self, context: Context, request: Req) -> Result<Resp, RpcError> {
        let _turn = self.turns.acquire().await;
        let shared = &*self.shared;
        let mut call = OpenCall::begin(shared);
        let mut message = Some(ClientMessage::Request(Request {
            context,
            id: call.id,
            message: request,
        }));
        let sent = poll_fn(|cx| {
            shared.outgoing.poll_append(cx, |to| {
                let message = message.take().expect("it is appended once");
                (self.write)(self.wire, message, to)
            })
        });
        match sent.await {
            Some(Ok(())) => call.answer().await,
            Some(Err(error)) => Err(RpcError::Send(Box::new(error))),
            None => Err(shared.open.end()),
        }
    }
}

impl<Req, Resp> Drop for Handle<Req, Resp> {
    fn drop(&mut self) {
        self.shared.outgoing.close();
    }
}

impl<Req, Resp> Clone for Calls<Req, Resp> {
    fn clone(&self) -> Self {
        Self {
            handle: Arc::clone(&self.handle),
            lost: self.lost.clone(),
        }
    }
}
