//! The counter over tarpc: the same interface as two Rust traits.

use std::sync::Arc;
use std::time::Duration;

use pintle::tarpc::{Channel, TarpcBroker, TarpcClient, TarpcServer, spawnable, within};
use pintle::{PluginOver, Tarpc};
use tarpc::context::Context;

use crate::sums::Sums;
use crate::{Adder, Counter, CounterError, CounterPlugin};

/// How long a call may take, the call back included.
const TIME: Duration = Duration::from_secs(10);

/// Served by the plugin.
#[tarpc::service]
trait Service {
    async fn get(key: String) -> Result<i64, CounterError>;
    /// `adder` is the broker id where the caller serves its [`AddHelper`].
    async fn put(adder: u32, key: String, value: i64) -> Result<(), CounterError>;
}

/// Served by the host, called by the plugin.
#[tarpc::service]
trait AddHelper {
    async fn sum(a: i64, b: i64) -> i64;
}

impl PluginOver<Tarpc> for CounterPlugin {
    fn serve(&self, server: &mut TarpcServer) {
        let served = Served {
            sums: Arc::default(),
            broker: server.broker().clone(),
        };
        server.add(spawnable!(served.serve()));
    }

    fn client(client: TarpcClient) -> Counter {
        Counter::Tarpc(TarpcCounter {
            broker: client.broker().clone(),
            counter: client.with(ServiceClient::from),
        })
    }
}

#[derive(Clone)]
struct Served {
    sums: Arc<Sums>,
    broker: TarpcBroker,
}

impl Service for Served {
    async fn get(self, _: Context, key: String) -> Result<i64, CounterError> {
        self.sums.get(key).await
    }

    async fn put(
        self,
        context: Context,
        adder: u32,
        key: String,
        value: i64,
    ) -> Result<(), CounterError> {
        let client = self.broker.dial(adder).await.map_err(CounterError::adder)?;
        let adder = client.with(AddHelperClient::from);
        // The same context: the host's deadline and trace go all the way.
        let sum = async |a| {
            adder
                .sum(context, a, value)
                .await
                .map_err(CounterError::adder)
        };
        self.sums.put(key, sum).await
    }
}

/// The host's side.
#[derive(Clone, Debug)]
pub struct TarpcCounter {
    counter: ServiceClient<Channel<ServiceRequest, ServiceResponse>>,
    broker: TarpcBroker,
}

impl TarpcCounter {
    pub(crate) async fn add(
        &self,
        key: &str,
        value: i64,
        adder: impl Adder,
    ) -> Result<(), CounterError> {
        let helper = Helper(Arc::new(adder));
        let served = self.broker.serve(|server| {
            server.add(spawnable!(helper.serve()));
        });
        let served = served.map_err(CounterError::call)?;
        let put = self
            .counter
            .put(within(TIME), served.id(), key.to_owned(), value);
        put.await.map_err(CounterError::call)?
    }

    pub(crate) async fn get(&self, key: &str) -> Result<i64, CounterError> {
        let got = self.counter.get(within(TIME), key.to_owned()).await;
        got.map_err(CounterError::call)?
    }
}

struct Helper<A>(Arc<A>);

impl<A> Clone for Helper<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Adder> AddHelper for Helper<A> {
    async fn sum(self, _: Context, a: i64, b: i64) -> i64 {
        self.0.sum(a, b)
    }
}
