//! The plugin that is called.

use pintle::{Bytes, CallError};

#[pintle::interface]
pub(crate) trait Echo {
    async fn echo(&self, payload: Bytes) -> Result<Bytes, CallError>;
}

pub(crate) struct Parrot;

#[pintle::plugin]
impl Echo for Parrot {
    async fn echo(&self, payload: Bytes) -> Result<Bytes, CallError> {
        Ok(payload)
    }
}
