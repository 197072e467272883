//! The plugin.

use counter::{CounterPlugin, HANDSHAKE};
use pintle::{Grpc, ServeError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE)
        .plugin(CounterPlugin)
        .run(Grpc)
        .await
}
