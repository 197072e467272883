//! The suite's plugin over tarpc.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pintle::tarpc::{
    Channel, TarpcBroker, TarpcClient, TarpcServer, session_closed, spawnable, within,
};
use pintle::{BoxError, BoxFuture, Broker, PluginOver, Tarpc};
use tarpc::client::RpcError;
use tarpc::context::Context;

use super::{Ask, CallError, Conformance, Conformant, Peer, Serving, Side};

/// What goes over the wire.
#[tarpc::service]
trait Service {
    async fn ask(ask: Ask) -> Result<Bytes, String>;
}

impl PluginOver<Tarpc> for Conformance {
    fn serve(&self, server: &mut TarpcServer) {
        let broker = server.broker().clone();
        add(server, Conformant::new(Arc::new(broker)));
    }

    fn client(client: TarpcClient) -> Arc<dyn Peer> {
        caller(client)
    }
}

pub(super) fn add(server: &mut TarpcServer, conformant: Conformant) {
    server.add(spawnable!(Served(conformant).serve()));
}

fn caller(client: TarpcClient) -> Arc<dyn Peer> {
    Arc::new(Caller {
        broker: client.broker().clone(),
        calls: client.with(ServiceClient::from),
    })
}

#[derive(Clone)]
struct Served(Conformant);

impl Service for Served {
    async fn ask(self, _: Context, ask: Ask) -> Result<Bytes, String> {
        self.0.answer(ask).await
    }
}

struct Caller {
    calls: ServiceClient<Channel<ServiceRequest, ServiceResponse>>,
    broker: TarpcBroker,
}

impl Peer for Caller {
    fn ask(&self, ask: Ask, time: Duration) -> BoxFuture<'_, Result<Bytes, CallError>> {
        Box::pin(async move {
            let answer = self.calls.ask(within(time), ask).await;
            answer.map_err(failed)?.map_err(CallError::Failed)
        })
    }

    fn side(&self) -> Arc<dyn Side> {
        Arc::new(self.broker.clone())
    }
}

fn failed(error: RpcError) -> CallError {
    if let Some(closed) = session_closed(&error) {
        return CallError::Lost(closed.clone());
    }
    match error {
        RpcError::DeadlineExceeded => CallError::Deadline,
        RpcError::Server(error) => CallError::Broke(error.detail),
        error => CallError::Other(error.into()),
    }
}

impl Side for TarpcBroker {
    fn serve(&self, conformant: Conformant) -> BoxFuture<'_, Result<Serving, BoxError>> {
        Box::pin(async {
            let served = self.serve(|server| add(server, conformant))?;
            Ok(Serving::new(served.id(), served))
        })
    }

    fn dial(&self, id: u32) -> BoxFuture<'_, Result<Arc<dyn Peer>, BoxError>> {
        Box::pin(async move { Ok(caller(self.dial(id).await?)) })
    }

    fn streams(&self) -> &dyn Broker {
        self
    }
}
