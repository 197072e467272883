//! The plugin over gRPC.

use std::sync::Arc;

use pintle::grpc::tonic::{self, Request, Response, Status};
use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited};
use pintle::{BoxError, BoxFuture, Broker, Grpc, PluginOver};

use crate::copy::{Copied, copy};
use crate::{Transfer, TransferPlugin};
use pb::transfer_client::TransferClient;
use pb::transfer_server::{Transfer as Service, TransferServer};

impl PluginOver<Grpc> for TransferPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        let broker = Arc::new(server.broker().clone());
        server.add(limited!(server, TransferServer::new(Copier { broker })));
    }

    fn client(client: GrpcClient) -> Box<dyn Transfer> {
        let calls = limited!(client, TransferClient::new(client.channel()));
        Box::new(Client {
            calls,
            broker: Arc::new(client.broker().clone()),
        })
    }
}

struct Copier {
    broker: Arc<dyn Broker>,
}

#[tonic::async_trait]
impl Service for Copier {
    async fn copy(
        &self,
        request: Request<pb::CopyRequest>,
    ) -> Result<Response<pb::CopyResponse>, Status> {
        let pb::CopyRequest { from, to } = request.into_inner();
        let copied = copy(&*self.broker, from, to)
            .await
            .map_err(Status::from_error)?;
        let Copied {
            bytes,
            checksum,
            growth_kib,
        } = copied;
        Ok(Response::new(pb::CopyResponse {
            bytes,
            checksum,
            growth_kib,
        }))
    }
}

struct Client {
    calls: TransferClient<Channel>,
    broker: Arc<dyn Broker>,
}

impl Transfer for Client {
    fn copy(&self, from: u32, to: u32) -> BoxFuture<'_, Result<Copied, BoxError>> {
        let mut calls = self.calls.clone();
        Box::pin(async move {
            let request = pb::CopyRequest { from, to };
            let pb::CopyResponse {
                bytes,
                checksum,
                growth_kib,
            } = calls.copy(request).await?.into_inner();
            Ok(Copied {
                bytes,
                checksum,
                growth_kib,
            })
        })
    }

    fn broker(&self) -> Arc<dyn Broker> {
        Arc::clone(&self.broker)
    }
}

/// Generated from `proto/transfer.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/transfer.v1.rs"]
mod pb;
