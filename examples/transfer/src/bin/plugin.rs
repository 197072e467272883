//! The plugin.

use pintle::ServeError;
use transfer::{HANDSHAKE, TransferPlugin};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE)
        .plugin(TransferPlugin)
        .run(pintle::transports())
        .await
}
