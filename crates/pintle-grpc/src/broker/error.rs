use std::time::Duration;

use pintle_core::{NetError, SessionClosed};

use super::{Refused, Shared};
use crate::h2::{ConnectError, DuplicateService};

/// Why something could not be served or dialled through the broker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The other side did not accept the id in time.
    #[error("the other side did not accept broker id {id} within {after:?}")]
    NotAccepted {
        /// The id.
        id: u32,
        /// The transport's broker dial timeout.
        after: Duration,
    },
    /// The other side refused the id.
    #[error("the other side refused broker id {id}: {reason}")]
    Refused {
        /// The id.
        id: u32,
        /// The other side's words, bounded.
        reason: String,
    },
    /// The other side did not dial the id in time.
    #[error("the other side did not dial broker id {id} within {after:?}")]
    NotDialled {
        /// The id.
        id: u32,
        /// The transport's broker accept timeout.
        after: Duration,
    },
    /// The id is served already on this side.
    #[error("broker id {0} is served already")]
    Duplicate(u32),
    /// The id is being dialled already on this side.
    #[error("broker id {0} is being dialled already")]
    Dialling(u32),
    /// Every id is in use.
    #[error("every broker id is in use")]
    Exhausted,
    /// Two services under one id have the same name.
    #[error("the services do not go together")]
    Service(#[source] DuplicateService),
    /// No socket could be made to serve on.
    #[error("no listener could be made")]
    Listen(#[source] NetError),
    /// The address that the other side announced could not be reached.
    #[error("broker id {id} could not be reached")]
    Net {
        /// The id.
        id: u32,
        /// What went wrong.
        source: NetError,
    },
    /// What answers at the announced address does not speak gRPC.
    #[error("broker id {id} does not speak gRPC")]
    Connect {
        /// The id.
        id: u32,
        /// What went wrong.
        source: ConnectError,
    },
    /// What the other side serves under the id is not a byte stream, or was opened before.
    #[error("broker id {id} is not a byte stream that can be opened")]
    NoStream {
        /// The id.
        id: u32,
        /// How the other side answered.
        #[source]
        status: Box<tonic::Status>,
    },
    /// The other side takes no announcements: it has stopped reading.
    #[error("the other side takes no more announcements")]
    Stalled,
    /// The session has ended; why is known on the host's side.
    #[error("the session has ended")]
    Closed(#[source] Option<SessionClosed>),
}

impl Refused {
    pub(super) fn accepting(self, id: Option<u32>) -> BrokerError {
        match (self, id) {
            (Self::Duplicate, Some(id)) => BrokerError::Duplicate(id),
            (Self::Duplicate | Self::TooMany, _) => BrokerError::Exhausted,
            (Self::Closed, _) => BrokerError::Closed(None),
        }
    }

    pub(super) fn dialling(self, id: u32) -> BrokerError {
        match self {
            Self::Closed => BrokerError::Closed(None),
            Self::Duplicate | Self::TooMany => BrokerError::Dialling(id),
        }
    }
}

impl Shared {
    /// The same, with the reason if it is that the session has ended.
    ///
    /// The reason is known a moment after the end, and waited for no longer than that.
    pub(super) async fn explain<T>(
        &self,
        result: Result<T, BrokerError>,
    ) -> Result<T, BrokerError> {
        let Err(BrokerError::Closed(None)) = result else {
            return result;
        };
        let reason = (self.lost)().await;
        let closed = reason.and_then(|reason| SessionClosed::of(&*reason).cloned());
        Err(BrokerError::Closed(closed))
    }

    /// The same error, with what is known by now.
    pub(super) fn explain_now(&self, error: BrokerError) -> BrokerError {
        match (error, &self.ended) {
            (BrokerError::Closed(None), Some(ended)) => BrokerError::Closed(ended.now()),
            (error, _) => error,
        }
    }
}
