use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pintle::{BoxError, BoxFuture, Broker};

use super::{Ask, CallError, Conformant};

/// What calls a [`Conformant`] on the other side, whatever carries the calls.
pub trait Peer: Send + Sync {
    /// Asks, and waits for the answer as long as the transport's own deadline allows: `within`.
    ///
    /// Dropping the future must cancel the call on the other side.
    fn ask(&self, ask: Ask, within: Duration) -> BoxFuture<'_, Result<Bytes, CallError>>;

    /// This side of the session.
    fn side(&self) -> Arc<dyn Side>;
}

/// What either side of a session can do with broker ids.
pub trait Side: Send + Sync {
    /// Serves to the other side, under a fresh id.
    fn serve(&self, conformant: Conformant) -> BoxFuture<'_, Result<Serving, BoxError>>;

    /// Connects to what the other side serves under `id`.
    fn dial(&self, id: u32) -> BoxFuture<'_, Result<Arc<dyn Peer>, BoxError>>;

    /// Streams of bytes.
    fn streams(&self) -> &dyn Broker;
}

/// What is served under an id until this is dropped.
pub struct Serving {
    id: u32,
    /// Held for its drop.
    _served: Box<dyn Any + Send>,
}

impl Serving {
    /// `served` ends the service when it is dropped.
    pub fn new(id: u32, served: impl Any + Send) -> Self {
        Self {
            id,
            _served: Box::new(served),
        }
    }

    /// The id to send to the other side.
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serving({})", self.id)
    }
}
