//! The plugin: it serves one host after the other, and remembers across them.

use std::sync::atomic::{AtomicU64, Ordering};

use handover::{HANDSHAKE, Visitors};
use pintle::{CallError, ServeError};

#[derive(Default)]
struct Counted {
    visitors: AtomicU64,
}

#[pintle::plugin]
impl Visitors for Counted {
    async fn enter(&self) -> Result<u64, CallError> {
        Ok(self.visitors.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let counted = Counted::default();
    pintle::serve(HANDSHAKE).plugin(counted).run().await
}
