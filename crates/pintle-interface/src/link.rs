//! What a call can use beside its bytes: the broker of its session.

use std::fmt;
use std::sync::Arc;

use pintle_core::{BoxFuture, Broker, Tasks};

use crate::caller::Caller;
use crate::carrier::{Carried, Carrier, Offered};
use crate::error::CallError;
use crate::interface::Interface;
use crate::pass::Guard;
use crate::served::ServeById;

/// The session that a call belongs to. Cheap to clone: every call does.
#[derive(Clone, Debug)]
pub struct Link(Arc<dyn Services>);

/// What a transport's broker can do: offer services and streams by id, and reach the other side's.
pub(crate) trait Services: fmt::Debug + Send + Sync + 'static {
    /// Streams of bytes by id.
    fn streams(&self) -> &dyn Broker;

    /// Serves something under a fresh id, for as long as the future beside it lives.
    fn serve<'a>(&'a self, service: &'a dyn ServeById)
    -> BoxFuture<'a, Result<Offered, CallError>>;

    /// Connects to the service that the other side offers under `id`.
    fn dial(&self, id: u32) -> BoxFuture<'_, Result<Caller, CallError>>;
}

impl Link {
    /// The session of a transport written elsewhere.
    pub fn over(carrier: Arc<dyn Carrier>) -> Self {
        Self::new(Carried::new(carrier))
    }

    pub(crate) fn new(services: impl Services) -> Self {
        Self(Arc::new(services))
    }

    /// Byte streams by id.
    pub(crate) fn broker(&self) -> &dyn Broker {
        self.0.streams()
    }

    pub(crate) fn tasks(&self) -> Tasks {
        self.broker().tasks()
    }

    /// Offers a service under a fresh id, until the guard is dropped.
    pub(crate) async fn serve(&self, service: &dyn ServeById) -> Result<(u32, Guard), CallError> {
        let (id, used) = self.0.serve(service).await?;
        Ok((id, Guard::Service(self.tasks(), used)))
    }

    /// Connects to the service that the other side offers under `id`.
    pub(crate) async fn dial<I: Interface + ?Sized>(
        &self,
        id: u32,
    ) -> Result<I::Client, CallError> {
        Ok(I::client(self.0.dial(id).await?))
    }
}
