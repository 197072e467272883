//! The plugin over tarpc.

use std::sync::Arc;
use std::time::Duration;

use pintle::tarpc::{Channel, TarpcBroker, TarpcClient, TarpcServer, spawnable, within};
use pintle::{BoxError, BoxFuture, Broker, PluginOver, Tarpc};
use tarpc::context::Context;

use crate::copy::{Copied, copy};
use crate::{Transfer, TransferPlugin};

/// How long a copy may take: tarpc's calls all have a deadline, and this one is as long as its bytes.
const TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What goes over the wire.
#[tarpc::service]
trait Service {
    /// `from` and `to` are the broker ids where the caller offers streams.
    async fn copy(from: u32, to: u32) -> Result<Copied, String>;
}

impl PluginOver<Tarpc> for TransferPlugin {
    fn serve(&self, server: &mut TarpcServer) {
        let broker = server.broker().clone();
        server.add(spawnable!(Copier { broker }.serve()));
    }

    fn client(client: TarpcClient) -> Box<dyn Transfer> {
        Box::new(Client {
            broker: Arc::new(client.broker().clone()),
            calls: client.with(ServiceClient::from),
        })
    }
}

#[derive(Clone)]
struct Copier {
    broker: TarpcBroker,
}

impl Service for Copier {
    async fn copy(self, _: Context, from: u32, to: u32) -> Result<Copied, String> {
        let copied = copy(&self.broker, from, to).await;
        copied.map_err(|error| error.to_string())
    }
}

struct Client {
    calls: ServiceClient<Channel<ServiceRequest, ServiceResponse>>,
    broker: Arc<TarpcBroker>,
}

impl Transfer for Client {
    fn copy(&self, from: u32, to: u32) -> BoxFuture<'_, Result<Copied, BoxError>> {
        Box::pin(async move { Ok(self.calls.copy(within(TIME), from, to).await??) })
    }

    fn broker(&self) -> Arc<dyn Broker> {
        self.broker.clone()
    }
}
