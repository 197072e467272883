use kv::pb::kv_client::KvClient;
use kv::pb::kv_server::KvServer;
use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited};
use pintle::{Bindings, Grpc, Plugin, PluginOver};

use crate::Store;

/// The kv plugin of the contract, over gRPC alone: its statuses are part of the transcript.
#[derive(Clone, Debug)]
pub struct KvPlugin {
    store: Store,
}

impl KvPlugin {
    /// A plugin that serves `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl Plugin for KvPlugin {
    const NAME: &'static str = "kv";
    type Client = KvClient<Channel>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl PluginOver<Grpc> for KvPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        server.add(limited!(server, KvServer::new(self.store.clone())));
    }

    fn client(client: GrpcClient) -> Self::Client {
        limited!(client, KvClient::new(client.channel()))
    }
}
