//! The callbacks plugin, and what either side serves under a broker id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pintle::grpc::tonic::{self, Request, Response, Status};
use pintle::grpc::{BrokerError, GrpcBroker, GrpcClient, GrpcServer, Served};
use pintle::{Bindings, Grpc, Plugin, PluginOver};

use crate::Failure;
use pb::callbacks_client::CallbacksClient;
use pb::callbacks_server::{Callbacks, CallbacksServer};
use pb::echo_client::EchoClient;
use pb::echo_server::{self, EchoServer};
use pb::{Empty, Id, Whoami};

/// A plugin that dials what its host serves, and serves what its host dials.
#[derive(Clone, Copy, Debug)]
pub struct CallbacksPlugin;

impl Plugin for CallbacksPlugin {
    const NAME: &'static str = "callbacks";
    type Client = Dispensed;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl PluginOver<Grpc> for CallbacksPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        let service = Service {
            broker: server.broker().clone(),
            served: Arc::default(),
        };
        server.add(CallbacksServer::new(service));
    }

    fn client(client: GrpcClient) -> Dispensed {
        Dispensed {
            broker: client.broker().clone(),
            client,
        }
    }
}

/// The host's side of [`CallbacksPlugin`].
#[derive(Clone, Debug)]
pub struct Dispensed {
    client: GrpcClient,
    broker: GrpcBroker,
}

impl Dispensed {
    /// Serves an echo which the plugin dials.
    pub(crate) async fn let_plugin_dial(&self) -> Result<(), Failure> {
        let served = serve(&self.broker).await?;
        let id = served.id();
        let answer = self.calls().dial(Id { id }).await?;
        expect("plugin", id, answer.into_inner())?;
        served.close().await;
        Ok(())
    }

    /// Dials an echo which the plugin serves.
    pub(crate) async fn dial_plugin(&self) -> Result<(), Failure> {
        let served = self.calls().serve(Empty {}).await?.into_inner();
        let answer = ask(&self.broker, served.id).await?;
        self.calls().end(served).await?;
        expect("host", served.id, answer)
    }

    fn calls(&self) -> CallbacksClient<pintle::grpc::Channel> {
        CallbacksClient::new(self.client.channel())
    }
}

/// Fails for a connection that was led to another id.
fn expect(who: &str, id: u32, answer: Whoami) -> Result<(), Failure> {
    if answer.id == id {
        Ok(())
    } else {
        Err(format!(
            "the {who} dialled broker id {id} and was led to {}",
            answer.id
        )
        .into())
    }
}

struct Service {
    broker: GrpcBroker,
    served: Arc<Mutex<HashMap<u32, Served>>>,
}

#[tonic::async_trait]
impl Callbacks for Service {
    async fn dial(&self, request: Request<Id>) -> Result<Response<Whoami>, Status> {
        let answer = ask(&self.broker, request.into_inner().id).await?;
        Ok(Response::new(answer))
    }

    async fn serve(&self, _: Request<Empty>) -> Result<Response<Id>, Status> {
        let served = serve(&self.broker).await.map_err(status)?;
        let id = served.id();
        let mut all = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id, served);
        Ok(Response::new(Id { id }))
    }

    async fn end(&self, request: Request<Id>) -> Result<Response<Empty>, Status> {
        let id = request.into_inner().id;
        let served = {
            let mut all = self.served.lock().unwrap_or_else(PoisonError::into_inner);
            all.remove(&id)
        };
        let served =
            served.ok_or_else(|| Status::not_found(format!("nothing is served under {id}")))?;
        served.close().await;
        Ok(Response::new(Empty {}))
    }
}

/// Serves an echo that knows its own id.
async fn serve(broker: &GrpcBroker) -> Result<Served, BrokerError> {
    let id = broker.next_id()?;
    let echo = Echo { id: id.get() };
    let fill = |server: &mut GrpcServer| {
        server.add(EchoServer::new(echo));
    };
    broker.serve_on(id, fill).await
}

/// Dials an echo and asks it who it is.
async fn ask(broker: &GrpcBroker, id: u32) -> Result<Whoami, Status> {
    let channel = broker.dial(id).await.map_err(status)?;
    let answer = EchoClient::new(channel).ask(Empty {}).await?;
    Ok(answer.into_inner())
}

struct Echo {
    id: u32,
}

#[tonic::async_trait]
impl echo_server::Echo for Echo {
    async fn ask(&self, _: Request<Empty>) -> Result<Response<Whoami>, Status> {
        Ok(Response::new(Whoami { id: self.id }))
    }
}

fn status(error: BrokerError) -> Status {
    Status::from_error(error.into())
}

/// Generated from `callbacks.proto`, which is with the Go programs.
#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic
)]
#[rustfmt::skip]
#[path = "generated/interop.rs"]
mod pb;
