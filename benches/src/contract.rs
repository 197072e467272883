//! What is asked of a plugin, as traits.

use pintle::{Bytes, CallError, Callback, Handshake, Reader, Stream};

/// What host and plugin agree on before they talk.
pub const HANDSHAKE: Handshake = Handshake::new("BENCH_PLUGIN", "measure");

/// The payload of a small call, in bytes.
pub const SMALL_BYTES: usize = 32;

/// A plugin that does what is measured.
#[pintle::interface]
pub trait Work {
    /// The same bytes.
    async fn echo(&self, payload: Bytes) -> Result<Bytes, CallError>;

    /// Rings `bell` so many times, one after the other.
    async fn ring(&self, bell: Callback<dyn Bell>, times: u64) -> Result<(), CallError>;

    /// Reads `from` to its end, and says how many bytes came.
    async fn up(&self, from: Reader) -> Result<u64, CallError>;

    /// So many bytes.
    async fn down(&self, bytes: u64) -> Result<Reader, CallError>;

    /// So many items of 32 bytes.
    async fn items(&self, count: u64) -> Result<Stream<Bytes>, CallError>;

    /// Prints so many bytes to stdout.
    async fn flood(&self, bytes: u64) -> Result<(), CallError>;
}

/// What a host lends.
#[pintle::interface]
pub trait Bell {
    /// The same bytes.
    async fn ring(&self, payload: Bytes) -> Result<Bytes, CallError>;
}
