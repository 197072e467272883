//! The greeter over gRPC, on the contract in `proto/greeter.proto`.

use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited, tonic};
use pintle::{BoxError, BoxFuture, Grpc, PluginOver};
use tonic::{Request, Response, Status};

use crate::{Greeter, GreeterPlugin, greeting};
use pb::greeter_client::GreeterClient;
use pb::greeter_server::{Greeter as Service, GreeterServer};

impl PluginOver<Grpc> for GreeterPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        server.add(limited!(server, GreeterServer::new(Served)));
    }

    fn client(client: GrpcClient) -> Box<dyn Greeter> {
        let calls = limited!(client, GreeterClient::new(client.channel()));
        Box::new(Client(calls))
    }
}

struct Served;

#[tonic::async_trait]
impl Service for Served {
    async fn greet(
        &self,
        request: Request<pb::GreetRequest>,
    ) -> Result<Response<pb::GreetResponse>, Status> {
        let greeting = greeting(&request.into_inner().name);
        Ok(Response::new(pb::GreetResponse { greeting }))
    }
}

struct Client(GreeterClient<Channel>);

impl Greeter for Client {
    fn greet(&self, name: &str) -> BoxFuture<'_, Result<String, BoxError>> {
        let (mut calls, name) = (self.0.clone(), name.to_owned());
        Box::pin(async move {
            let answer = calls.greet(pb::GreetRequest { name }).await?;
            Ok(answer.into_inner().greeting)
        })
    }
}

/// Generated from `proto/greeter.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/greeter.v1.rs"]
pub mod pb;
