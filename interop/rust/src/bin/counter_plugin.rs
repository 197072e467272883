//! `interop-counter-plugin` serves the counter plugin: to add, it calls its host back.

use counter::Sums;
use interop::{Failure, HANDSHAKE};
use pintle::Grpc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    interop::log_to_host();
    let serve = pintle::serve(HANDSHAKE).plugin(Sums::default());
    serve.over(Grpc).run().await?;
    Ok(())
}
