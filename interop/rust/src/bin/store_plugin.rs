//! `interop-store-plugin` serves the store plugin: an implementation of a trait.

use interop::{Failure, HANDSHAKE, Shelf};
use pintle::Grpc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    interop::log_to_host();
    let serve = pintle::serve(HANDSHAKE).plugin(Shelf::default());
    serve.over(Grpc).run().await?;
    Ok(())
}
