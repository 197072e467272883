//! `interop-counter-plugin` serves the counter plugin: to add, it calls its host back.

use counter::CounterPlugin;
use interop::{Failure, HANDSHAKE};
use pintle::Grpc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    interop::log_to_host();
    let serve = pintle::serve(HANDSHAKE).plugin(CounterPlugin);
    serve.run(Grpc).await?;
    Ok(())
}
