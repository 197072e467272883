//! pintle as a user has it: a host, a real plugin process, and what can go wrong.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod broker;
mod calls;
mod causes;
mod closing;
mod conformance;
mod dies;
mod errors;
mod interfaces;
mod interrupts;
mod lifecycle;
mod multiplexed;
mod networks;
mod orphans;
mod plugins;
mod reattach;
mod rogue;
#[cfg(target_os = "linux")]
mod sandbox;
mod stdio;
mod strangers;
mod streams;
mod terminal;
mod trust;

use pintle::{Grpc, Host, Session};
use pintle_testkit::{Echo, EchoPlugin, World};

/// The program that these tests launch.
const ROGUE: &str = env!("CARGO_BIN_EXE_rogue");

/// Launches the rogue in one of its modes.
async fn launch(world: &World, host: &Host, mode: &str) -> (Session, Echo) {
    launch_over(world, host, mode, Grpc).await
}

/// As [`launch`], with options of the host's transport.
async fn launch_over(world: &World, host: &Host, mode: &str, grpc: Grpc) -> (Session, Echo) {
    let session = world.rogue(host, mode).launch(grpc).await.unwrap();
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    (session, echo)
}

/// Runs a test with mutual TLS, and once more without.
async fn with_and_without_tls(test: impl AsyncFn(&World, Host)) {
    let world = World::new(ROGUE);
    test(&world, world.host()).await;
    test(&world, world.host().plaintext()).await;
}
