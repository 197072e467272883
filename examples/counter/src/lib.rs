//! A counter whose plugin lets the host do the adding: the plugin calls back.
//!
//! The host serves an adder under a broker id and puts the id into its request.
//! Over gRPC the contract is that of go-plugin's public bidirectional example;
//! over tarpc it is the same as a Rust trait.

mod client;
mod error;
#[cfg(feature = "grpc")]
mod over_grpc;
#[cfg(feature = "tarpc")]
mod over_tarpc;
mod sums;

use pintle::{Bindings, Handshake, Plugin};

pub use client::Counter;
pub use error::CounterError;
#[cfg(feature = "grpc")]
pub use over_grpc::pb;

/// The cookie of go-plugin's public examples.
pub const HANDSHAKE: Handshake = Handshake::new("BASIC_PLUGIN", "hello");

/// A plugin that counts, with sums done by its host.
#[derive(Clone, Copy, Debug, Default)]
pub struct CounterPlugin;

impl Plugin for CounterPlugin {
    const NAME: &'static str = "counter";
    type Client = Counter;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        #[cfg(feature = "grpc")]
        let on = on.over::<pintle::Grpc>();
        #[cfg(feature = "tarpc")]
        let on = on.over::<pintle::Tarpc>();
        on
    }
}

/// What the plugin asks its host for.
pub trait Adder: Send + Sync + 'static {
    /// The sum of two numbers.
    fn sum(&self, a: i64, b: i64) -> i64;
}

impl<F: Fn(i64, i64) -> i64 + Send + Sync + 'static> Adder for F {
    fn sum(&self, a: i64, b: i64) -> i64 {
        self(a, b)
    }
}
