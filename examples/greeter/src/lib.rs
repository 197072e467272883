//! The interface that host and plugin share.

#[cfg(feature = "grpc")]
mod over_grpc;
#[cfg(feature = "tarpc")]
mod over_tarpc;

#[cfg(feature = "grpc")]
pub use over_grpc::pb;

use pintle::{Bindings, BoxError, BoxFuture, Handshake, Plugin};

/// What host and plugin agree on before they talk.
pub const HANDSHAKE: Handshake = Handshake::new("GREETER_PLUGIN", "hello");

/// What a host calls the plugin with, whatever the transport.
pub trait Greeter: Send + Sync {
    /// A greeting for `name`.
    fn greet(&self, name: &str) -> BoxFuture<'_, Result<String, BoxError>>;
}

/// A plugin that greets.
#[derive(Debug)]
pub struct GreeterPlugin;

impl Plugin for GreeterPlugin {
    const NAME: &'static str = "greeter";
    type Client = Box<dyn Greeter>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        #[cfg(feature = "grpc")]
        let on = on.over::<pintle::Grpc>();
        #[cfg(feature = "tarpc")]
        let on = on.over::<pintle::Tarpc>();
        on
    }
}

/// What the plugin does.
fn greeting(name: &str) -> String {
    format!("Hello, {name}!")
}
