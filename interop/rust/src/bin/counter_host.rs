//! `interop-counter-host --tls none|auto [--mux] -- PLUGIN_PATH [ARGS…]` launches a counter plugin of any
//! language, adds up three numbers with it and prints the transcript.

use interop::{Failure, HANDSHAKE, HostArgs, Launched, tell_counter, tell_refusal};
use pintle::Host;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    interop::log_to_host();
    let args = HostArgs::parse(std::env::args().skip(1), &["--tls", "--mux"])?;
    match Launched::new(Host::new(HANDSHAKE), &args).await {
        Ok(launched) => tell_counter(launched, &args).await,
        Err(error) => tell_refusal(error),
    }
}
