//! `interop-callbacks-plugin` serves the callbacks plugin: it and its host dial each other.

use interop::{CallbacksPlugin, Failure, HANDSHAKE};
use pintle::Grpc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    interop::log_to_host();
    let serve = pintle::serve(HANDSHAKE).plugin(CallbacksPlugin);
    serve.over(Grpc).run().await?;
    Ok(())
}
