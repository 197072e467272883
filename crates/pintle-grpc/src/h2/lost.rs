//! Why a connection ended, kept once and told to everyone who asks.

use std::{
    error::Error,
    sync::{Arc, OnceLock},
};

use thiserror::Error;
use tokio_util::sync::CancellationToken;

/// An error that several waiters may hold.
pub(crate) type SharedError = Arc<dyn Error + Send + Sync>;

/// Asked why a connection was lost, by its owner who may know better: a process that exited says
/// more than a closed socket.
///
/// Every call that fails with the connection awaits the answer, so the hook must be bounded in
/// time. `None` leaves the reason to [`ConnectionLost`].
pub(crate) use pintle_core::LostReason;

/// Why a connection is gone.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ConnectionLost {
    /// This side ended it, or nobody used it any more.
    #[error("the connection was closed")]
    Closed,
    /// The peer ended it.
    #[error("the peer closed the connection")]
    PeerClosed,
    /// The peer left a keepalive ping without an answer.
    #[error("the peer did not answer a ping")]
    Silent,
    /// The socket failed, or the peer broke HTTP/2.
    #[error("the connection broke")]
    Broken(#[source] SharedError),
}

/// The end of a connection: set once by the task that drives it, awaited by everyone else.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    reason: OnceLock<ConnectionLost>,
    over: CancellationToken,
}

impl Ending {
    /// Records the reason unless there is one, and wakes every waiter.
    pub(crate) fn set(&self, reason: ConnectionLost) {
        let _ = self.reason.set(reason);
        self.over.cancel();
    }

    /// Awaits the end. Cancel-safe.
    pub(crate) async fn reason(&self) -> ConnectionLost {
        self.over.cancelled().await;
        self.reason.get().cloned().unwrap_or(ConnectionLost::Closed)
    }

    /// Cancelled when the connection has ended.
    pub(crate) fn token(&self) -> CancellationToken {
        self.over.clone()
    }
}
