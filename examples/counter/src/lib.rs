//! A counter whose plugin lets the host do the adding: the plugin calls back.
//!
//! Over gRPC this is the contract of go-plugin's public bidirectional example, and its Go hosts and
//! plugins are peers: the same package, services and field numbers.

mod error;
mod sums;

use pintle::{CallError, Callback, Handshake};

pub use error::CounterError;
pub use sums::Sums;

/// The cookie of go-plugin's public examples.
pub const HANDSHAKE: Handshake = Handshake::new("BASIC_PLUGIN", "hello");

/// A plugin that keeps sums by name.
#[pintle::interface(package = "proto")]
pub trait Counter {
    /// The sum under `key`; `NotFound` where nobody put any.
    async fn get(&self, key: String) -> Result<i64, CounterError>;

    /// Adds `value` to the sum under `key`; the plugin has `adder` do it.
    async fn put(
        &self,
        adder: Callback<dyn AddHelper>,
        key: String,
        value: i64,
    ) -> Result<(), CounterError>;
}

/// What the plugin asks its host for.
#[pintle::interface(package = "proto")]
pub trait AddHelper {
    /// The sum of two numbers.
    async fn sum(&self, a: i64, b: i64) -> Result<i64, CallError>;
}
