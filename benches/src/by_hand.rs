//! The same with tonic's and tarpc's own generated code, and the adapters written out.

use std::time::Duration;

use pintle::grpc::{GrpcClient, GrpcServer, limited};
use pintle::tarpc::{TarpcClient, TarpcServer, spawnable, within};
use pintle::{Bindings, BoxError, Bytes, Grpc, Plugin, PluginOver, Session, Tarpc};
use tarpc::context::Context;
use tonic::{Request, Response, Status};

use pb::echo_client::EchoClient;
use pb::echo_server::{Echo as Service, EchoServer};
use pb::{EchoRequest, EchoResponse};

/// A plugin that answers what it is asked.
#[derive(Debug)]
pub struct EchoPlugin;

impl Plugin for EchoPlugin {
    const NAME: &'static str = "by-hand";
    type Client = Echo;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>().over::<Tarpc>()
    }
}

/// What it is called through.
#[derive(Clone, Debug)]
pub enum Echo {
    /// tonic's client.
    Grpc(EchoClient<pintle::grpc::Channel>),
    /// tarpc's client.
    Tarpc(WordsClient<pintle::tarpc::Channel<WordsRequest, WordsResponse>>),
}

impl Echo {
    /// The client of a plugin that has [`EchoPlugin`].
    ///
    /// # Errors
    /// When it has not.
    pub async fn of(session: &Session) -> Result<Self, BoxError> {
        Ok(session.dispense::<EchoPlugin>().await?)
    }

    /// The same bytes.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn echo(&self, payload: Bytes) -> Result<Bytes, BoxError> {
        match self {
            Self::Grpc(client) => {
                let answer = client.clone().echo(EchoRequest { payload }).await?;
                Ok(answer.into_inner().payload)
            }
            Self::Tarpc(client) => Ok(client.echo(within(Duration::MAX), payload).await?),
        }
    }
}

impl PluginOver<Grpc> for EchoPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        server.add(limited!(server, EchoServer::new(Served)));
    }

    fn client(client: GrpcClient) -> Echo {
        Echo::Grpc(limited!(client, EchoClient::new(client.channel())))
    }
}

impl PluginOver<Tarpc> for EchoPlugin {
    fn serve(&self, server: &mut TarpcServer) {
        server.add(spawnable!(Served.serve()));
    }

    fn client(client: TarpcClient) -> Echo {
        Echo::Tarpc(client.with(WordsClient::from))
    }
}

#[derive(Clone)]
struct Served;

#[tonic::async_trait]
impl Service for Served {
    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let payload = request.into_inner().payload;
        Ok(Response::new(EchoResponse { payload }))
    }
}

/// The contract over tarpc.
#[tarpc::service]
pub trait Words {
    /// The same bytes.
    async fn echo(payload: Bytes) -> Bytes;
}

impl Words for Served {
    async fn echo(self, _: Context, payload: Bytes) -> Bytes {
        payload
    }
}

/// Generated from `proto/echo.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, dead_code, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/benches.rs"]
mod pb;
