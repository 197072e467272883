use std::io;
use std::time::Duration;

use pintle_core::SessionClosed;
use pintle_mux::{BrokerError as MuxError, OpenError, StreamError};

use super::TarpcBroker;
use super::ids::Refused;

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
    /// The other side did not dial the id in time.
    #[error("the other side did not dial broker id {id} within {after:?}")]
    NotDialled {
        /// The id.
        id: u32,
        /// The transport's broker accept timeout.
        after: Duration,
    },
    /// The other side closed the stream instead of accepting it: the id is being dialled already,
    /// too many streams wait there, or nobody accepted it in the time of that side.
    #[error("the other side refused broker id {id}")]
    Refused {
        /// The id.
        id: u32,
    },
    /// The id is taken already on this side.
    #[error("broker id {0} is taken already")]
    Duplicate(u32),
    /// Every id is in use.
    #[error("every broker id is in use")]
    Exhausted,
    /// An id serves one service, and this is not one.
    #[error("a broker id serves one service, and {0} were added")]
    NotOneService(usize),
    /// No stream could be opened.
    #[error("no stream could be opened")]
    Open(#[source] OpenError),
    /// The stream broke before it was accepted.
    #[error("the stream of broker id {id} broke")]
    Stream {
        /// The id.
        id: u32,
        /// What went wrong.
        source: io::Error,
    },
    /// A plugin's host has not connected yet, or has gone.
    #[error("no host is connected")]
    NotConnected,
    /// The session has ended; why is known on the host's side.
    #[error("the session has ended")]
    Closed(#[source] Option<SessionClosed>),
}

impl Refused {
    pub(super) fn into_error(self, id: u32) -> BrokerError {
        match self {
            Self::Duplicate => BrokerError::Duplicate(id),
            Self::Exhausted => BrokerError::Exhausted,
            Self::Closed => BrokerError::Closed(None),
        }
    }
}

impl BrokerError {
    /// What a failed dial means.
    pub(super) fn dialling(error: MuxError) -> Self {
        match error {
            MuxError::Timeout { id, timeout } => Self::NotAccepted { id, after: timeout },
            MuxError::WrongId { dialled: id, .. } => Self::Refused { id },
            MuxError::Stream { id, source } => match stream_error(&source) {
                Some(StreamError::Ended(_)) => Self::Closed(None),
                // Closed in good order or not: the other side does not want it.
                Some(_) => Self::Refused { id },
                None if source.kind() == io::ErrorKind::UnexpectedEof => Self::Refused { id },
                None => Self::Stream { id, source },
            },
            MuxError::Open { source, .. } => match source {
                OpenError::Ended(_) | OpenError::Closing => Self::Closed(None),
                source => Self::Open(source),
            },
            _ => Self::Closed(None),
        }
    }

    /// What a failed accept means, other than that nobody has come yet.
    pub(super) fn accepting(error: MuxError) -> Self {
        match error {
            MuxError::IdInUse(id) => Self::Duplicate(id),
            MuxError::Stream { id, source } => match stream_error(&source) {
                Some(StreamError::Ended(_)) => Self::Closed(None),
                _ => Self::Stream { id, source },
            },
            _ => Self::Closed(None),
        }
    }
}

impl TarpcBroker {
    /// The same, with the reason if it is that the session has ended.
    ///
    /// The reason is known a moment after the end, and waited for no longer than that.
    pub(super) async fn explain<T>(
        &self,
        result: Result<T, BrokerError>,
    ) -> Result<T, BrokerError> {
        match (result, self.link()) {
            (Err(BrokerError::Closed(None)), Ok(link)) => {
                Err(BrokerError::Closed(link.lost.reason().await))
            }
            (result, _) => result,
        }
    }

    /// The same error, with what is known by now.
    pub(super) fn explain_now(&self, error: BrokerError) -> BrokerError {
        match (error, self.link()) {
            (BrokerError::Closed(None), Ok(link)) => BrokerError::Closed(link.lost.reason_now()),
            (error, _) => error,
        }
    }
}

fn stream_error(error: &io::Error) -> Option<&StreamError> {
    error.get_ref()?.downcast_ref()
}
