//! The plugin of every contender that is written in Rust.

use benches::by_hand::EchoPlugin;
use benches::contract::HANDSHAKE;
use benches::raw;
use benches::work::Worker;
use pintle::{BoxError, Transports};

fn main() -> Result<(), BoxError> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    if let [kind, path] = &words[..] {
        return Ok(raw::serve(kind, path.as_ref())?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let serving = pintle::serve(HANDSHAKE)
        .over(transports())
        .plugin(Worker)
        .plugin(EchoPlugin);
    Ok(runtime.block_on(serving.run())?)
}

/// Those that this program was built with.
fn transports() -> Transports {
    #[cfg(not(feature = "tarpc"))]
    return pintle::Grpc.into();
    #[cfg(not(feature = "grpc"))]
    return pintle::Tarpc.into();
    #[cfg(all(feature = "grpc", feature = "tarpc"))]
    Transports::from(pintle::Tarpc).or(pintle::Grpc)
}
