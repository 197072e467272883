//! The Rust side of the interoperability matrix: the programs of `interop/go`, written again on pintle.
//!
//! For whoever changes what crosses the wire. `interop/go/README.md` is the
//! contract; a host's transcript is compared with it byte for byte by
//! `cargo xtask interop`. The programs are in `src/bin` and share what is
//! here: how a host is told what to do ([`HostArgs`]), how it launches, listens
//! and closes ([`Launched`]), the stories, the [`Store`] of the kv plugin, and the [`interface`] of
//! the store programs, whose `.proto` file the programs in Go are compiled from.

mod args;
mod callbacks;
pub mod interface;
mod launched;
mod log;
mod output;
mod plugin;
mod shelf;
mod store;
mod stories;

use std::error::Error;

use pintle::Handshake;

pub use args::{HostArgs, Story};
pub use callbacks::CallbacksPlugin;
pub use launched::{Launched, tell_refusal};
pub use log::log_to_host;
pub use output::Output;
pub use plugin::KvPlugin;
pub use shelf::Shelf;
pub use store::Store;
pub use stories::{tell_callbacks, tell_counter, tell_kv, tell_store, tell_test_mode};

/// The cookie of every program, and version 1, that of every story but one.
pub const HANDSHAKE: Handshake = Handshake::new("PINTLE_INTEROP", "5a2f0c61");

/// The versions that a plugin serves in the story [`Story::Negotiated`].
pub const NEGOTIATED_VERSIONS: [u32; 2] = [2, 3];

/// The variable by which OpenTofu and Terraform are told of plugins in test mode: a map of their tokens.
pub const TOKENS_VARIABLE: &str = "TF_REATTACH_PROVIDERS";

/// What the kv plugin is called in it.
pub const PROVIDER: &str = "registry.opentofu.org/pintle/kv";

/// Why a program ends with code 1: printed for a person, never told apart.
pub type Failure = Box<dyn Error + Send + Sync>;
