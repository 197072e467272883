//! The plugin.

use counter::{HANDSHAKE, Sums};
use pintle::ServeError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE).plugin(Sums::default()).run().await
}
