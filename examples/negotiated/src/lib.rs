//! One plugin in two versions of its interface.
//!
//! Version 3 of the store tells how often a key was put; version 2 did not. A
//! plugin that serves both works with hosts of either age, and a host that
//! knows both works with plugins of either age.

mod memory;

use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited};
use pintle::{Bindings, Grpc, Handshake, Plugin, PluginOver};

pub use memory::Memory;
use v2::store_client::StoreClient as ClientV2;
use v2::store_server::StoreServer as ServerV2;
use v3::store_client::StoreClient as ClientV3;
use v3::store_server::StoreServer as ServerV3;

/// The cookie; each side says its versions for itself.
pub const HANDSHAKE: Handshake = Handshake::new("NEGOTIATED_PLUGIN", "hello");

/// The store as hosts of version 2 know it.
#[derive(Clone, Debug, Default)]
pub struct StoreV2(pub Memory);

/// The store as hosts of version 3 know it.
#[derive(Clone, Debug, Default)]
pub struct StoreV3(pub Memory);

impl Plugin for StoreV2 {
    const NAME: &'static str = "store";
    type Client = ClientV2<Channel>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl PluginOver<Grpc> for StoreV2 {
    fn serve(&self, server: &mut GrpcServer) {
        server.add(limited!(server, ServerV2::new(self.0.clone())));
    }

    fn client(client: GrpcClient) -> Self::Client {
        limited!(client, ClientV2::new(client.channel()))
    }
}

impl Plugin for StoreV3 {
    const NAME: &'static str = "store";
    type Client = ClientV3<Channel>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl PluginOver<Grpc> for StoreV3 {
    fn serve(&self, server: &mut GrpcServer) {
        server.add(limited!(server, ServerV3::new(self.0.clone())));
    }

    fn client(client: GrpcClient) -> Self::Client {
        limited!(client, ClientV3::new(client.channel()))
    }
}

/// Generated from `proto/store_v2.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/store.v2.rs"]
pub mod v2;

/// Generated from `proto/store_v3.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/store.v3.rs"]
pub mod v3;
