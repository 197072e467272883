//! Transports and their connections without their types, so that a session is
//! one type whatever carries it.

use std::any::{Any, TypeId};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Connection, HostLink, Multiplexing, PluginLink, Transport};
use crate::error::BoxError;
use crate::handshake::Protocol;
use crate::net::Listener;
use crate::plugin::{NotOver, PluginSet};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub(crate) trait AnyTransport: Send + Sync {
    fn protocol(&self) -> Protocol;
    fn alpn(&self) -> &'static [&'static [u8]];
    fn multiplexing(&self) -> Multiplexing;

    fn connect(&self, link: HostLink) -> BoxFuture<'_, Result<Arc<dyn AnyConnection>, BoxError>>;

    /// Puts every plugin of the set into a new server; the future then serves it.
    fn serve<'a>(
        &'a self,
        plugins: &PluginSet,
        link: PluginLink,
        listener: Listener,
    ) -> Result<BoxFuture<'a, Result<(), BoxError>>, NotOver>;
}

pub(crate) trait AnyConnection: Send + Sync {
    /// Which transport this is a connection of.
    fn transport(&self) -> TypeId;

    /// The transport's `Client`, to be downcast by who knows the transport.
    fn dispense<'a>(
        &'a self,
        plugin: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Any + Send>, BoxError>>;
    fn ping(&self) -> BoxFuture<'_, Result<(), BoxError>>;
    fn shutdown(&self) -> BoxFuture<'_, Result<(), BoxError>>;
    fn lost(&self) -> BoxFuture<'_, ()>;
}

pub(super) fn erase<T: Transport>(transport: T) -> Arc<dyn AnyTransport> {
    Arc::new(Erased(transport))
}

struct Erased<T>(T);

impl<T: Transport> AnyTransport for Erased<T> {
    fn protocol(&self) -> Protocol {
        self.0.protocol()
    }

    fn alpn(&self) -> &'static [&'static [u8]] {
        self.0.alpn()
    }

    fn multiplexing(&self) -> Multiplexing {
        self.0.multiplexing()
    }

    fn connect(&self, link: HostLink) -> BoxFuture<'_, Result<Arc<dyn AnyConnection>, BoxError>> {
        Box::pin(async move {
            let connection = self.0.connect(link).await?;
            Ok(Arc::new(ErasedConnection::<T>(connection)) as Arc<dyn AnyConnection>)
        })
    }

    fn serve<'a>(
        &'a self,
        plugins: &PluginSet,
        link: PluginLink,
        listener: Listener,
    ) -> Result<BoxFuture<'a, Result<(), BoxError>>, NotOver> {
        let mut server = self.0.server(&link);
        plugins.serve(&self.0, &mut server)?;
        Ok(Box::pin(self.0.serve(server, link, listener)))
    }
}

struct ErasedConnection<T: Transport>(T::Connection);

impl<T: Transport> AnyConnection for ErasedConnection<T> {
    fn transport(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn dispense<'a>(
        &'a self,
        plugin: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Any + Send>, BoxError>> {
        Box::pin(async move {
            let client = self.0.dispense(plugin).await?;
            Ok(Box::new(client) as Box<dyn Any + Send>)
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), BoxError>> {
        Box::pin(self.0.ping())
    }

    fn shutdown(&self) -> BoxFuture<'_, Result<(), BoxError>> {
        Box::pin(self.0.shutdown())
    }

    fn lost(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.0.lost())
    }
}
