//! A key-value store as a plugin: the interface that host and plugin share.
//!
//! It works over gRPC, on the contract of go-plugin's public example, so that a
//! Go host can use this plugin and this host a Go plugin; and over tarpc, where
//! both are Rust. Host and plugin see neither: they know [`Store`] and [`Kv`].

mod client;
mod error;
mod files;
#[cfg(feature = "grpc")]
mod over_grpc;
#[cfg(feature = "tarpc")]
mod over_tarpc;

use std::future::Future;

use pintle::{Bindings, Handshake, Plugin};

pub use client::Kv;
pub use error::KvError;
pub use files::Files;
#[cfg(feature = "grpc")]
pub use over_grpc::pb;

/// The cookie of go-plugin's public examples.
pub const HANDSHAKE: Handshake = Handshake::new("BASIC_PLUGIN", "hello");

/// What the plugin does.
pub trait Store: Clone + Send + Sync + 'static {
    /// The value that was put under `key`.
    fn get(&self, key: String) -> impl Future<Output = Result<Vec<u8>, KvError>> + Send;

    /// Replaces whatever `key` held.
    fn put(&self, key: String, value: Vec<u8>) -> impl Future<Output = Result<(), KvError>> + Send;
}

/// A plugin that serves a store `S`; hosts need not name it.
#[derive(Clone, Debug, Default)]
pub struct KvPlugin<S = Files> {
    store: S,
}

impl<S: Store> KvPlugin<S> {
    /// A plugin that serves `store`.
    pub fn new(store: S) -> Self {
        Self { store }
    }
}

impl<S: Store> Plugin for KvPlugin<S> {
    const NAME: &'static str = "kv";
    type Client = Kv;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        #[cfg(feature = "grpc")]
        let on = on.over::<pintle::Grpc>();
        #[cfg(feature = "tarpc")]
        let on = on.over::<pintle::Tarpc>();
        on
    }
}
