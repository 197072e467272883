//! `interop-store-host --tls none|auto [--mux] [--flows] -- PLUGIN_PATH [ARGS…]` launches a store
//! plugin of any language, uses it through the interface and prints the transcript.

use interop::{Failure, HANDSHAKE, HostArgs, Launched, tell_refusal, tell_store};
use pintle::Host;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    interop::log_to_host();
    let args = HostArgs::parse(std::env::args().skip(1), &["--tls", "--mux", "--flows"])?;
    match Launched::new(Host::new(HANDSHAKE), &args).await {
        Ok(launched) => tell_store(launched, &args).await,
        Err(error) => tell_refusal(error),
    }
}
