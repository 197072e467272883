//! Calling a service over one stream.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pintle_core::{Ended, SessionClosed, Stream, Tasks};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tarpc::client::stub::Stub;
use tarpc::client::{self, RpcError};
use tarpc::context::{self, Context};
use tarpc::{ChannelError, RequestName, ServerError};
use tokio::time::{timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::broker::TarpcBroker;
use crate::envelope::MAX_CALL_TIME;
use crate::error::CallLost;
use crate::messages::Wire;
use crate::variant::variant;

/// How long a call that lost its stream waits to see whether the session is lost, too.
const OVER_TIMEOUT: Duration = Duration::from_millis(100);

/// How long a call that lost its session waits to learn why.
///
/// The exit of the process is known a moment after its sockets are closed.
const REASON_TIMEOUT: Duration = Duration::from_millis(800);

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
/// one beyond 49 days is cut to that; and it counts from the call, not from when the other side has
/// room for it. An answer of another method than the one called is an error
/// of that call, where generated code alone would panic.
///
/// Dropping a call's future cancels the call on the other side. A clone is another handle to the
/// same stream; calls made with the last one dropped go on.
pub struct Channel<Req, Resp> {
    calls: client::Channel<Req, Resp>,
    lost: Lost,
}

impl<Req, Resp> Channel<Req, Resp>
where
    Req: RequestName + Serialize + Send + 'static,
    Resp: Serialize + DeserializeOwned + Send + 'static,
{
    /// Begins to call on a stream; a task of `tasks` keeps the calls going.
    pub(crate) fn open(stream: Stream, wire: Wire, tasks: &Tasks, lost: Lost) -> Self {
        let mut config = client::Config::default();
        config.max_in_flight_requests = wire.calls;
        let new = client::new(config, wire.calling(stream));
        tasks.spawn(async {
            if let Err(error) = new.dispatch.await {
                tracing::debug!(error = &error as &dyn std::error::Error, "calls ended");
            }
        });
        Self {
            calls: new.client,
            lost,
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

    async fn call(&self, mut context: Context, request: Req) -> Result<Resp, RpcError> {
        // A deadline further away than timers reach makes tarpc panic.
        context.deadline = context.deadline.min(Instant::now() + MAX_CALL_TIME);
        let called = variant(&request);
        let name: Arc<str> = request.name().into();
        // tarpc's own timer runs from when the call is sent, and it may have to wait for its turn.
        let call = timeout_at(context.deadline.into(), self.calls.call(context, request));
        match call.await.unwrap_or(Err(RpcError::DeadlineExceeded)) {
            Ok(answer) => same_method(called, answer),
            Err(RpcError::Shutdown) => Err(self.lost.error(name, None).await),
            Err(RpcError::Channel(error)) => Err(self.lost.error(name, Some(error)).await),
            Err(error) => Err(error),
        }
    }
}

impl<Req, Resp> Clone for Channel<Req, Resp> {
    fn clone(&self) -> Self {
        Self {
            calls: self.calls.clone(),
            lost: self.lost.clone(),
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

/// Knows whether, and why, the session of a stream is lost.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    over: CancellationToken,
    /// A plugin cannot know why its host went away.
    ended: Option<Ended>,
}

type StreamError = ChannelError<dyn std::error::Error + Send + Sync>;

impl Lost {
    /// `over` is cancelled when the connection has ended.
    pub(crate) fn new(over: CancellationToken, ended: Option<Ended>) -> Self {
        Self { over, ended }
    }

    /// Cancelled when the connection has ended.
    pub(crate) fn connection_over(&self) -> &CancellationToken {
        &self.over
    }

    /// The error of the call named `call`, whose stream failed with `stream`, or just ended.
    async fn error(&self, call: Arc<str>, stream: Option<StreamError>) -> RpcError {
        let lost = match timeout(OVER_TIMEOUT, self.over.cancelled()).await {
            Ok(()) => match self.reason().await {
                Some(closed) => CallLost::SessionClosed(closed.during(call)),
                None => CallLost::Connection,
            },
            Err(_) => match stream {
                Some(error) => return RpcError::Channel(error),
                None => CallLost::Stream,
            },
        };
        RpcError::Channel(ChannelError::Read(Arc::new(lost)))
    }

    async fn reason(&self) -> Option<SessionClosed> {
        let ended = self.ended.as_ref()?;
        timeout(REASON_TIMEOUT, ended.wait()).await.ok()?
    }
}

#[cfg(test)]
mod tests;
