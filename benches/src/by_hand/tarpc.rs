//! With tarpc's code.

use std::time::Duration;

use pintle::tarpc::{Channel, TarpcClient, TarpcServer, spawnable, within};
use pintle::{BoxError, Bytes, PluginOver, Tarpc};
use tarpc::context::Context;

use super::{Echo, EchoPlugin};

/// tarpc's client.
pub type Client = WordsClient<Channel<WordsRequest, WordsResponse>>;

pub(super) async fn echo(client: &Client, payload: Bytes) -> Result<Bytes, BoxError> {
    Ok(client.echo(within(Duration::MAX), payload).await?)
}

impl PluginOver<Tarpc> for EchoPlugin {
    fn serve(&self, server: &mut TarpcServer) {
        server.add(spawnable!(Served.serve()));
    }

    fn client(client: TarpcClient) -> Echo {
        Echo::Tarpc(client.with(WordsClient::from))
    }
}

/// The contract.
#[tarpc::service]
pub trait Words {
    /// The same bytes.
    async fn echo(payload: Bytes) -> Bytes;
}

#[derive(Clone)]
struct Served;

impl Words for Served {
    async fn echo(self, _: Context, payload: Bytes) -> Bytes {
        payload
    }
}
