//! What host and plugin share.

use pintle::{CallError, Handshake};

/// What host and plugin agree on before they talk.
pub const HANDSHAKE: Handshake = Handshake::new("GREETER_PLUGIN", "hello");

/// A plugin that greets.
#[pintle::interface]
pub trait Greeter {
    /// A greeting for `name`.
    async fn greet(&self, name: String) -> Result<String, CallError>;
}
