//! The plugin: a store of files in the current directory.

use kv::{Files, HANDSHAKE, KvPlugin};
use pintle::ServeError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE)
        .plugin(KvPlugin::new(Files::default()))
        .run()
        .await
}
