//! The log of every program.

use pintle::HclogLayer;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// Logs to stderr in the form that hosts read: all that this crate says, and what is grave of others.
///
/// The libraries below tell every frame when asked, which drowns what a person looks for.
pub fn log_to_host() {
    let levels = Targets::new()
        .with_default(Level::INFO)
        .with_target("interop", Level::TRACE)
        .with_target("pintle", Level::DEBUG);
    tracing_subscriber::registry()
        .with(HclogLayer::stderr().with_filter(levels))
        .init();
}
