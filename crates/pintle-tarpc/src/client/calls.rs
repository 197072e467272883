//! What every channel of calls has, whatever the calls are made of.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pintle_core::{Ended, LostError, LostReason, SessionClosed, Stream, Tasks};
use tarpc::client::{self, RpcError};
use tarpc::context::Context;
use tarpc::{ChannelError, RequestName};
use tokio::time::{timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::envelope::MAX_CALL_TIME;
use crate::error::CallLost;
use crate::form::{Reads, Writes};
use crate::messages::Wire;

/// How long a call that lost its stream waits to see whether the connection is lost, too.
const OVER_TIMEOUT: Duration = Duration::from_millis(100);

/// The calls of one stream: tarpc's own, with deadlines that count from the call and reasons for
/// what is lost.
pub(crate) struct Calls<Req, Resp> {
    calls: client::Channel<Req, Resp>,
    lost: Lost,
}

impl<Req, Resp> Calls<Req, Resp> {
    /// Begins to call on a stream; a task of `tasks` keeps the calls going.
    pub(crate) fn open<Form>(stream: Stream, wire: Wire, tasks: &Tasks, lost: Lost) -> Self
    where
        Form: Writes<Req> + Reads<Resp>,
        Req: RequestName + Send + 'static,
        Resp: Send + 'static,
    {
        let mut config = client::Config::default();
        config.max_in_flight_requests = wire.calls;
        let new = client::new(config, wire.calling::<_, Form, Req, Resp>(stream));
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

    /// `name` is what the call is named by if its session is lost.
    pub(crate) async fn call(
        &self,
        mut context: Context,
        request: Req,
        name: Option<&'static str>,
    ) -> Result<Resp, RpcError>
    where
        Req: RequestName,
    {
        // A deadline further away than timers reach makes tarpc panic.
        context.deadline = context.deadline.min(Instant::now() + MAX_CALL_TIME);
        // tarpc's own timer runs from when the call is sent, and it may have to wait for its turn.
        let call = timeout_at(context.deadline.into(), self.calls.call(context, request));
        match call.await.unwrap_or(Err(RpcError::DeadlineExceeded)) {
            Err(RpcError::Shutdown) => Err(self.lost.error(name, None).await),
            Err(RpcError::Channel(error)) => Err(self.lost.error(name, Some(error)).await),
            outcome => outcome,
        }
    }
}

impl<Req, Resp> Clone for Calls<Req, Resp> {
    fn clone(&self) -> Self {
        Self {
            calls: self.calls.clone(),
            lost: self.lost.clone(),
        }
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
    async fn error(&self, call: Option<&'static str>, stream: Option<StreamError>) -> RpcError {
        let lost = match self.reason().await {
            Some(closed) => CallLost::SessionClosed(match call {
                Some(call) => closed.during(call),
                None => closed,
            }),
            None => match (self.is_over().await, stream) {
                (true, _) => CallLost::Connection,
                (false, Some(error)) => return RpcError::Channel(error),
                (false, None) => CallLost::Stream,
            },
        };
        RpcError::Channel(ChannelError::Read(Arc::new(lost)))
    }

    async fn is_over(&self) -> bool {
        let over = timeout(OVER_TIMEOUT, self.over.cancelled());
        over.await.is_ok()
    }

    /// Why the session ended, for streams that failed with it.
    pub(crate) fn of_streams(&self) -> LostReason {
        let lost = self.clone();
        Arc::new(move || {
            let lost = lost.clone();
            Box::pin(async move {
                let closed = lost.reason().await?;
                Some(Arc::new(closed) as LostError)
            })
        })
    }

    /// Why the session ended, if it has or is about to, and if that is known on this side.
    pub(crate) async fn reason(&self) -> Option<SessionClosed> {
        let ended = self.ended.as_ref()?;
        ended.explain(self.over.cancelled()).await
    }

    /// The same, if it is known by now.
    pub(crate) fn reason_now(&self) -> Option<SessionClosed> {
        self.ended.as_ref()?.now()
    }
}
