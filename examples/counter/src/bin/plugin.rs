//! The plugin.

use counter::{CounterPlugin, HANDSHAKE};
use pintle::ServeError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE)
        .plugin(CounterPlugin)
        .run(pintle::transports())
        .await
}
