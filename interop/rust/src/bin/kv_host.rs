//! `interop-kv-host --story STORY --tls none|auto [--mux] [--versions 2,3] -- PLUGIN_PATH [ARGS…]`
//! launches a kv plugin of any language, tells one story with it and prints the transcript.

use interop::{
    Failure, HANDSHAKE, HostArgs, Launched, Story, tell_kv, tell_refusal, tell_test_mode,
};
use pintle::{Host, LaunchFailure};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    interop::log_to_host();
    let words = std::env::args().skip(1);
    let args = HostArgs::parse(words, &["--story", "--versions", "--tls", "--mux"])?;
    if args.story == Story::TestMode {
        return tell_test_mode(&args).await;
    }
    let negotiated = args.story == Story::Negotiated;

    let mut host = Host::new(HANDSHAKE);
    if negotiated {
        host = host.versions(args.versions.iter().copied());
    }
    match Launched::new(host, &args).await {
        Ok(launched) => tell_kv(launched, &args).await,
        Err(error) if negotiated && matches!(error.failure(), LaunchFailure::Version(_)) => {
            eprintln!("{}", error.report());
            println!("refused: version");
            Ok(())
        }
        Err(error) => tell_refusal(error),
    }
}
