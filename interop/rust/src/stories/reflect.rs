//! What the plugin says it serves.

use pintle::grpc::tonic::Status;
use pintle::grpc::{Channel, GrpcClient, GrpcServer};
use pintle::{Bindings, Grpc, Plugin, PluginOver};
use tonic_reflection::pb::{v1, v1alpha};

use crate::{Failure, Launched};

pub(super) async fn tell(launched: &Launched) -> Result<(), Failure> {
    let channel = launched.session.dispense::<Anything>().await?;
    let services = services_by_v1alpha(channel.clone()).await?;
    if services
        .iter()
        .any(|name| name == "grpc.reflection.v1.ServerReflection")
    {
        let again = services_by_v1(channel).await?;
        if services != again {
            return Err(format!("v1alpha lists {services:?}, but v1 {again:?}").into());
        }
        eprintln!("reflection: v1 and v1alpha agree");
    } else {
        eprintln!("reflection: v1alpha only");
    }
    println!("services: {}", services.join(", "));
    Ok(())
}

/// The host's half of a plugin of which nothing is known: its client is the bare channel.
struct Anything;

impl Plugin for Anything {
    const NAME: &'static str = "kv";
    type Client = Channel;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl PluginOver<Grpc> for Anything {
    fn serve(&self, _: &mut GrpcServer) {}

    fn client(client: GrpcClient) -> Channel {
        client.channel()
    }
}

/// Defines a function that lists the services, sorted: the two versions of
/// reflection are one protocol, and generated as types of their own.
macro_rules! services_by {
    ($version:ident, $name:ident) => {
        async fn $name(channel: Channel) -> Result<Vec<String>, Failure> {
            use $version::server_reflection_client::ServerReflectionClient;
            use $version::server_reflection_request::MessageRequest;
            use $version::server_reflection_response::MessageResponse;

            let request = $version::ServerReflectionRequest {
                host: String::new(),
                message_request: Some(MessageRequest::ListServices("*".to_owned())),
            };
            let answers = ServerReflectionClient::new(channel)
                .server_reflection_info(tokio_stream::once(request))
                .await?;
            let answer = answers.into_inner().message().await?;
            let answer = answer.ok_or_else(|| Status::internal("no answer"))?;
            let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
                return Err(format!("no list but {answer:?}").into());
            };
            let mut names: Vec<_> = list.service.into_iter().map(|it| it.name).collect();
            names.sort();
            Ok(names)
        }
    };
}

services_by!(v1, services_by_v1);
services_by!(v1alpha, services_by_v1alpha);
