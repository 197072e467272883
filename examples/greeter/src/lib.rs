//! The interface that host and plugin share, and what implements it.

use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited, tonic};
use pintle::{Bindings, Grpc, Handshake, Plugin, PluginOver};
use tonic::{Request, Response, Status};

use pb::greeter_client::GreeterClient;
use pb::greeter_server::{Greeter, GreeterServer};

/// What host and plugin agree on before they talk.
pub const HANDSHAKE: Handshake = Handshake::new("GREETER_PLUGIN", "hello");

/// A plugin that greets.
#[derive(Debug)]
pub struct GreeterPlugin;

impl Plugin for GreeterPlugin {
    const NAME: &'static str = "greeter";
    type Client = GreeterClient<Channel>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl PluginOver<Grpc> for GreeterPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        server.add(limited!(server, GreeterServer::new(Polite)));
    }

    fn client(client: GrpcClient) -> Self::Client {
        limited!(client, GreeterClient::new(client.channel()))
    }
}

struct Polite;

#[tonic::async_trait]
impl Greeter for Polite {
    async fn greet(
        &self,
        request: Request<pb::GreetRequest>,
    ) -> Result<Response<pb::GreetResponse>, Status> {
        let greeting = format!("Hello, {}!", request.into_inner().name);
        Ok(Response::new(pb::GreetResponse { greeting }))
    }
}

/// Generated from `proto/greeter.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/greeter.v1.rs"]
pub mod pb;
