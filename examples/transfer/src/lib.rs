//! Bytes through a plugin, in constant memory: the host hands the plugin a
//! stream to read and a stream to write, each by a broker id. Over gRPC or tarpc,
//! which neither of them sees.

pub mod bar;
pub mod copy;
pub mod memory;
#[cfg(feature = "grpc")]
mod over_grpc;
#[cfg(feature = "tarpc")]
mod over_tarpc;

use std::sync::Arc;

use pintle::{Bindings, BoxError, BoxFuture, Broker, Handshake, Plugin};

pub use copy::Copied;

/// What host and plugin agree on before they talk.
pub const HANDSHAKE: Handshake = Handshake::new("TRANSFER_PLUGIN", "hello");

/// A plugin that copies.
#[derive(Debug)]
pub struct TransferPlugin;

/// What a host calls the plugin with, whatever the transport.
pub trait Transfer: Send + Sync {
    /// Has the plugin copy one stream into another, each offered under its id.
    fn copy(&self, from: u32, to: u32) -> BoxFuture<'_, Result<Copied, BoxError>>;

    /// What streams are offered with.
    fn broker(&self) -> Arc<dyn Broker>;
}

impl Plugin for TransferPlugin {
    const NAME: &'static str = "transfer";
    type Client = Box<dyn Transfer>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        #[cfg(feature = "grpc")]
        let on = on.over::<pintle::Grpc>();
        #[cfg(feature = "tarpc")]
        let on = on.over::<pintle::Tarpc>();
        on
    }
}
