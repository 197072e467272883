//! Bytes through a plugin, in constant memory: the host lends it a reader and a writer.

pub mod bar;
pub mod copy;
pub mod memory;

use pintle::{CallError, Handshake, Reader, Writer};

/// What host and plugin agree on before they talk.
pub const HANDSHAKE: Handshake = Handshake::new("TRANSFER_PLUGIN", "hello");

/// A plugin that copies.
#[pintle::interface]
pub trait Transfer {
    /// Copies all of `from` into `to`.
    async fn copy(&self, from: Reader, to: Writer) -> Result<Copied, CallError>;
}

/// What was copied.
#[pintle::message]
#[derive(Clone, Copy, Debug)]
pub struct Copied {
    /// How many bytes.
    pub bytes: u64,
    /// Their CRC-32.
    pub checksum: u32,
    /// By how much the plugin's resident memory grew at most, in KiB.
    pub growth_kib: u64,
}
