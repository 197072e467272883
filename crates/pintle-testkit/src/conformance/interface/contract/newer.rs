//! What a host knows that was compiled from a later version of the trait.

use pintle::CallError;

/// The same interface, some versions on.
#[pintle::interface(package = "pintle.testkit.v1")]
pub trait Calls {
    /// Gives the bytes back, and may take an argument that was not there before.
    async fn repeat(&self, bytes: Vec<u8>, times: Option<u32>) -> Result<Vec<u8>, CallError>;
    /// Was not there before.
    async fn repeat_backwards(&self, bytes: Vec<u8>) -> Result<Vec<u8>, CallError>;
}
