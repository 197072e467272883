//! A plugin that outlives its host, and is taken over by the next: `cargo run -p handover`, as
//! often as you like, and `cargo run -p handover -- stop` at last.

use pintle::{CallError, Handshake};

/// What host and plugin agree on before they talk.
pub const HANDSHAKE: Handshake = Handshake::new("HANDOVER_PLUGIN", "hello");

/// A plugin that remembers.
#[pintle::interface]
pub trait Visitors {
    /// Which visitor this is, from 1 on.
    async fn enter(&self) -> Result<u64, CallError>;
}
