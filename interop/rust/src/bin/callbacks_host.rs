//! `interop-callbacks-host --tls none|auto [--mux] [--at-once 16] -- PLUGIN_PATH [ARGS…]` launches a callbacks plugin of any
//! language, has each side dial the other through the broker and prints the transcript.

use interop::{Failure, HANDSHAKE, HostArgs, Launched, tell_callbacks, tell_refusal};
use pintle::Host;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    interop::log_to_host();
    let args = HostArgs::parse(std::env::args().skip(1), &["--tls", "--mux", "--at-once"])?;
    match Launched::new(Host::new(HANDSHAKE), &args).await {
        Ok(launched) => tell_callbacks(launched, &args).await,
        Err(error) => tell_refusal(error),
    }
}
