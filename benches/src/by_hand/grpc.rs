//! With tonic's code.

use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited};
use pintle::{BoxError, Bytes, Grpc, PluginOver};
use tonic::{Request, Response, Status};

use super::{Echo, EchoPlugin};
use pb::echo_client::EchoClient;
use pb::echo_server::{Echo as Service, EchoServer};
use pb::{EchoRequest, EchoResponse};

/// tonic's client.
pub type Client = EchoClient<Channel>;

pub(super) async fn echo(client: &Client, payload: Bytes) -> Result<Bytes, BoxError> {
    let answer = client.clone().echo(EchoRequest { payload }).await?;
    Ok(answer.into_inner().payload)
}

impl PluginOver<Grpc> for EchoPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        server.add(limited!(server, EchoServer::new(Served)));
    }

    fn client(client: GrpcClient) -> Echo {
        Echo::Grpc(limited!(client, EchoClient::new(client.channel())))
    }
}

struct Served;

#[tonic::async_trait]
impl Service for Served {
    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let payload = request.into_inner().payload;
        Ok(Response::new(EchoResponse { payload }))
    }
}

/// Generated from `proto/echo.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, dead_code, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "../generated/benches.rs"]
mod pb;
