//! The store over tarpc: the same interface as a Rust trait.

use std::time::Duration;

use pintle::tarpc::{Bytes, Channel, TarpcClient, TarpcServer, spawnable, within};
use pintle::{PluginOver, Tarpc};
use tarpc::context::Context;

use crate::{Kv, KvError, KvPlugin, Store};

/// How long a call may take.
const TIME: Duration = Duration::from_secs(10);

/// What goes over the wire. `Bytes`, because serde writes a `Vec<u8>` element by element.
#[tarpc::service]
trait Service {
    async fn get(key: String) -> Result<Bytes, KvError>;
    async fn put(key: String, value: Bytes) -> Result<(), KvError>;
}

/// The generated client over a session of pintle.
#[derive(Clone, Debug)]
pub struct StoreClient(ServiceClient<Channel<ServiceRequest, ServiceResponse>>);

impl<S: Store> PluginOver<Tarpc> for KvPlugin<S> {
    fn serve(&self, server: &mut TarpcServer) {
        server.add(spawnable!(Served(self.store.clone()).serve()));
    }

    fn client(client: TarpcClient) -> Kv {
        Kv::Tarpc(StoreClient(client.with(ServiceClient::from)))
    }
}

#[derive(Clone)]
struct Served<S>(S);

impl<S: Store> Service for Served<S> {
    async fn get(self, _: Context, key: String) -> Result<Bytes, KvError> {
        self.0.get(key).await.map(Bytes::from)
    }

    async fn put(self, _: Context, key: String, value: Bytes) -> Result<(), KvError> {
        self.0.put(key, value.into()).await
    }
}

pub(crate) async fn get(client: &StoreClient, key: &str) -> Result<Vec<u8>, KvError> {
    let got = client.0.get(within(TIME), key.to_owned()).await;
    got.map_err(KvError::call)?.map(Vec::from)
}

pub(crate) async fn put(client: &StoreClient, key: &str, value: Vec<u8>) -> Result<(), KvError> {
    let put = client
        .0
        .put(within(TIME), key.to_owned(), value.into())
        .await;
    put.map_err(KvError::call)?
}
