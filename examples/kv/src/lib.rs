//! A key-value store as a plugin: the interface that host and plugin share.
//!
//! The contract is that of go-plugin's public gRPC example, so that a Go host
//! can use this plugin and this host a Go plugin.

mod files;

use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited};
use pintle::{Bindings, Grpc, Handshake, Plugin, PluginOver};

pub use files::Files;
use pb::kv_client::KvClient;
use pb::kv_server::{Kv, KvServer};

/// The cookie of go-plugin's public examples.
pub const HANDSHAKE: Handshake = Handshake::new("BASIC_PLUGIN", "hello");

/// A plugin that serves a store `S`; hosts need not name it.
#[derive(Clone, Debug, Default)]
pub struct KvPlugin<S = Files> {
    store: S,
}

impl<S: Kv + Clone> KvPlugin<S> {
    /// A plugin that serves `store`.
    pub fn new(store: S) -> Self {
        Self { store }
    }
}

impl<S: Kv + Clone> Plugin for KvPlugin<S> {
    const NAME: &'static str = "kv";
    type Client = KvClient<Channel>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl<S: Kv + Clone> PluginOver<Grpc> for KvPlugin<S> {
    fn serve(&self, server: &mut GrpcServer) {
        server.add(limited!(server, KvServer::new(self.store.clone())));
        server.descriptors(DESCRIPTORS);
    }

    fn client(client: GrpcClient) -> Self::Client {
        limited!(client, KvClient::new(client.channel()))
    }
}

/// Generated from `proto/kv.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/proto.rs"]
pub mod pb;

/// The encoded descriptors of the contract, for reflection.
const DESCRIPTORS: &[u8] = include_bytes!("generated/kv.bin");
