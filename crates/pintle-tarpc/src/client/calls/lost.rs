//! Why a call has no answer any more.

use std::sync::Arc;
use std::time::Duration;

use pintle_core::{Ended, LostError, LostReason, SessionClosed};
use tarpc::ChannelError;
use tarpc::client::RpcError;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::error::CallLost;

/// How long a call that lost its stream waits to see whether the connection is lost, too.
const OVER_TIMEOUT: Duration = Duration::from_millis(100);

/// Knows whether, and why, the session of a stream is lost.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    over: CancellationToken,
    /// A plugin cannot know why its host went away.
    ended: Option<Ended>,
}

/// What a stream failed with.
pub(super) type StreamError = ChannelError<dyn std::error::Error + Send + Sync>;

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
    pub(super) async fn error(
        &self,
        call: Option<&'static str>,
        stream: Option<StreamError>,
    ) -> RpcError {
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

    async fn is_over(&self) -> bool {
        let over = timeout(OVER_TIMEOUT, self.over.cancelled());
        over.await.is_ok()
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
