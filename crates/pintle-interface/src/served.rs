//! An implementation of an interface as a plugin.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use pintle_core::{Bindings, Plugin};

use crate::carrier::{self, Answers};
use crate::interface::Serves;

/// The plugin that serves a `T` by the interface `I`: what `#[pintle::plugin]` makes of a `T`.
pub struct Served<I: ?Sized, T> {
    value: Arc<T>,
    interface: PhantomData<fn() -> Box<I>>,
}

impl<I: ?Sized, T> Served<I, T> {
    /// Serves `value`.
    pub fn new(value: T) -> Self {
        Self::shared(Arc::new(value))
    }

    /// Serves a value that is used elsewhere, too.
    pub fn shared(value: Arc<T>) -> Self {
        let interface = PhantomData;
        Self { value, interface }
    }

    /// What is served: for a transport written elsewhere, which serves it by
    /// [`carrier::service`](crate::carrier::service).
    pub fn value(&self) -> &Arc<T> {
        &self.value
    }
}

impl<I, T> Plugin for Served<I, T>
where
    I: Serves<T> + ?Sized,
    T: Send + Sync + 'static,
{
    const NAME: &'static str = I::NAME;
    type Client = I::Client;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        #[cfg(feature = "grpc")]
        let on = on.over::<pintle_grpc::Grpc>();
        #[cfg(feature = "tarpc")]
        let on = on.over::<pintle_tarpc::Tarpc>();
        on
    }
}

#[cfg(feature = "grpc")]
impl<I, T> pintle_core::PluginOver<pintle_grpc::Grpc> for Served<I, T>
where
    I: Serves<T> + ?Sized,
    T: Send + Sync + 'static,
{
    fn serve(&self, server: &mut pintle_grpc::GrpcServer) {
        self.add_to_grpc(server);
    }

    fn client(client: pintle_grpc::GrpcClient) -> I::Client {
        I::client(crate::caller::Caller::grpc(
            client.channel(),
            client.broker(),
        ))
    }
}

#[cfg(feature = "tarpc")]
impl<I, T> pintle_core::PluginOver<pintle_tarpc::Tarpc> for Served<I, T>
where
    I: Serves<T> + ?Sized,
    T: Send + Sync + 'static,
{
    fn serve(&self, server: &mut pintle_tarpc::TarpcServer) {
        self.add_to_tarpc(server);
    }

    fn client(client: pintle_tarpc::TarpcClient) -> I::Client {
        I::client(crate::caller::Caller::tarpc(client))
    }
}

/// An implementation without its type, ready to be served by any transport.
pub(crate) trait ServeById: Send + Sync {
    fn answers(&self) -> Arc<dyn Answers>;

    #[cfg(feature = "grpc")]
    fn add_to_grpc(&self, server: &mut pintle_grpc::GrpcServer);

    #[cfg(feature = "tarpc")]
    fn add_to_tarpc(&self, server: &mut pintle_tarpc::TarpcServer);
}

impl<I, T> ServeById for Served<I, T>
where
    I: Serves<T> + ?Sized,
    T: Send + Sync + 'static,
{
    fn answers(&self) -> Arc<dyn Answers> {
        carrier::service::<I, T>(Arc::clone(&self.value))
    }

    #[cfg(feature = "grpc")]
    fn add_to_grpc(&self, server: &mut pintle_grpc::GrpcServer) {
        crate::grpc::serve::<I, T>(Arc::clone(&self.value), server);
    }

    #[cfg(feature = "tarpc")]
    fn add_to_tarpc(&self, server: &mut pintle_tarpc::TarpcServer) {
        crate::tarpc::serve::<I, T>(Arc::clone(&self.value), server);
    }
}

impl<I: ?Sized, T> fmt::Debug for Served<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").finish_non_exhaustive()
    }
}
