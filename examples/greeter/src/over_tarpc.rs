//! The greeter over tarpc: the contract is a Rust trait.

use std::time::Duration;

use pintle::tarpc::{Channel, TarpcClient, TarpcServer, spawnable, within};
use pintle::{BoxError, BoxFuture, PluginOver, Tarpc};
use tarpc::context::Context;

use crate::{Greeter, GreeterPlugin, greeting};

/// How long a call may take.
const TIME: Duration = Duration::from_secs(10);

#[tarpc::service]
trait Service {
    async fn greet(name: String) -> String;
}

impl PluginOver<Tarpc> for GreeterPlugin {
    fn serve(&self, server: &mut TarpcServer) {
        server.add(spawnable!(Served.serve()));
    }

    fn client(client: TarpcClient) -> Box<dyn Greeter> {
        Box::new(Client(client.with(ServiceClient::from)))
    }
}

#[derive(Clone)]
struct Served;

impl Service for Served {
    async fn greet(self, _: Context, name: String) -> String {
        greeting(&name)
    }
}

struct Client(ServiceClient<Channel<ServiceRequest, ServiceResponse>>);

impl Greeter for Client {
    fn greet(&self, name: &str) -> BoxFuture<'_, Result<String, BoxError>> {
        let name = name.to_owned();
        Box::pin(async move { Ok(self.0.greet(within(TIME), name).await?) })
    }
}
