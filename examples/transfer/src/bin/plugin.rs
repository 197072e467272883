//! The plugin.

use pintle::ServeError;
use transfer::HANDSHAKE;
use transfer::copy::Copier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE).plugin(Copier).run().await
}
