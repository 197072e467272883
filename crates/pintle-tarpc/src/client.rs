//! Calling a service over one stream.

mod calls;
mod raw;

use std::fmt;
use std::time::{Duration, Instant};

use pintle_core::{Stream, Tasks};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tarpc::client::RpcError;
use tarpc::client::stub::Stub;
use tarpc::context::{self, Context};
use tarpc::{RequestName, ServerError};

use crate::broker::TarpcBroker;
use crate::envelope::MAX_CALL_TIME;
use crate::form::Coded;
use crate::messages::Wire;
use crate::variant::variant;
use calls::Calls;

pub(crate) use calls::Lost;
pub use raw::ByteChannel;

/// What a plugin's client is made from: a stream to one service, nothing sent on it yet.
pub struct TarpcClient {
    stream: Stream,
    wire: Wire,
    tasks: Tasks,
    lost: Lost,
    broker: TarpcBroker,
}

impl TarpcClient {
    pub(crate) fn new(
        stream: Stream,
        wire: Wire,
        tasks: Tasks,
        lost: Lost,
        broker: TarpcBroker,
    ) -> Self {
        Self {
            stream,
            wire,
            tasks,
            lost,
            broker,
        }
    }

    /// Makes a generated client: `client.with(StoreClient::from)`.
    ///
    /// What keeps the calls going is a task of the session.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn with<C, Req, Resp>(self, make: impl FnOnce(Channel<Req, Resp>) -> C) -> C
    where
        Req: RequestName + Serialize + Send + 'static,
        Resp: Serialize + DeserializeOwned + Send + 'static,
    {
        let Self {
            stream,
            wire,
            tasks,
            lost,
            ..
        } = self;
        make(Channel::open(stream, wire, &tasks, lost))
    }

    /// Makes a channel for calls of bytes, to a service that was added with
    /// [`TarpcServer::add_bytes`](crate::TarpcServer::add_bytes).
    ///
    /// What keeps the calls going is a task of the session.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn bytes(self) -> ByteChannel {
        let Self {
            stream,
            wire,
            tasks,
            lost,
            ..
        } = self;
        ByteChannel::open(stream, wire, &tasks, lost)
    }

    /// The broker, to let the other side call this one.
    pub fn broker(&self) -> &TarpcBroker {
        &self.broker
    }
}

impl fmt::Debug for TarpcClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TarpcClient").finish_non_exhaustive()
    }
}

/// What a generated client calls through: `StoreClient<Channel<StoreRequest, StoreResponse>>`.
///
/// It differs from tarpc's own channel in four ways. A call whose session is lost fails with the
/// reason, which [`session_closed`](crate::session_closed) finds. No deadline is too long for it:
/// one beyond 48 days is none; and it counts from the call, not from when the other side has
/// room for it. An answer of another method than the one called is an error
/// of that call, where generated code alone would panic.
///
/// Dropping a call's future cancels the call on the other side. A clone is another handle to the
/// same stream; calls made with the last one dropped go on.
pub struct Channel<Req, Resp> {
    calls: Calls<Req, Resp>,
}

impl<Req, Resp> Channel<Req, Resp>
where
    Req: RequestName + Serialize + Send + 'static,
    Resp: Serialize + DeserializeOwned + Send + 'static,
{
    /// Begins to call on a stream; a task of `tasks` keeps the calls going.
    pub(crate) fn open(stream: Stream, wire: Wire, tasks: &Tasks, lost: Lost) -> Self {
        Self {
            calls: Calls::open::<Coded>(stream, wire, tasks, lost),
        }
    }
}

impl<Req, Resp> Stub for Channel<Req, Resp>
where
    Req: RequestName + Serialize,
    Resp: Serialize,
{
    type Req = Req;
    type Resp = Resp;

    async fn call(&self, context: Context, request: Req) -> Result<Resp, RpcError> {
        let called = variant(&request);
        let answer = self.calls.call(context, request, called).await?;
        same_method(called, answer)
    }
}

impl<Req, Resp> Clone for Channel<Req, Resp> {
    fn clone(&self) -> Self {
        Self {
            calls: self.calls.clone(),
        }
    }
}

impl<Req, Resp> fmt::Debug for Channel<Req, Resp> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}

/// A context for a call that may take `time`, with the trace of the current span.
///
/// tarpc's own `context::current()` allows ten seconds.
pub fn within(time: Duration) -> Context {
    let mut context = context::current();
    context.deadline = Instant::now() + time.min(MAX_CALL_TIME);
    context
}

fn same_method<Resp: Serialize>(
    called: Option<&'static str>,
    answer: Resp,
) -> Result<Resp, RpcError> {
    match (called, variant(&answer)) {
        (Some(called), Some(answered)) if called != answered => {
            let detail = format!("`{called}` was called and `{answered}` answered");
            let kind = std::io::ErrorKind::InvalidData;
            Err(ServerError::new(kind, detail).into())
        }
        _ => Ok(answer),
    }
}

#[cfg(test)]
mod tests;
