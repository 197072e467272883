//! The suite's plugin over gRPC.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pintle::grpc::tonic::{self, Code, Request, Response, Status};
use pintle::grpc::{Channel, GrpcBroker, GrpcClient, GrpcServer, limited};
use pintle::{BoxError, BoxFuture, Broker, Grpc, PluginOver, SessionClosed};

use super::{Ask, CallError, Conformance, Conformant, Peer, Serving, Side};
use crate::pb::Encoded;
use crate::pb::conformance_client::ConformanceClient;
use crate::pb::conformance_server::{self, ConformanceServer};

impl PluginOver<Grpc> for Conformance {
    fn serve(&self, server: &mut GrpcServer) {
        let broker = server.broker().clone();
        add(server, Conformant::new(Arc::new(broker)));
    }

    fn client(client: GrpcClient) -> Arc<dyn Peer> {
        caller(client.channel(), client.broker().clone())
    }
}

pub(super) fn add(server: &mut GrpcServer, conformant: Conformant) {
    server.add(limited!(server, ConformanceServer::new(Served(conformant))));
}

fn caller(channel: Channel, broker: GrpcBroker) -> Arc<dyn Peer> {
    Arc::new(Caller {
        calls: limited!(broker, ConformanceClient::new(channel)),
        broker,
    })
}

struct Served(Conformant);

#[tonic::async_trait]
impl conformance_server::Conformance for Served {
    async fn ask(&self, request: Request<Encoded>) -> Result<Response<Encoded>, Status> {
        let unreadable = |error: BoxError| Status::invalid_argument(error.to_string());
        let ask = Ask::decode(&request.into_inner().bytes).map_err(unreadable)?;
        let bytes = self.0.answer(ask).await.map_err(Status::aborted)?;
        Ok(Response::new(Encoded { bytes }))
    }
}

struct Caller {
    calls: ConformanceClient<Channel>,
    broker: GrpcBroker,
}

impl Peer for Caller {
    fn ask(&self, ask: Ask, within: Duration) -> BoxFuture<'_, Result<Bytes, CallError>> {
        let mut calls = self.calls.clone();
        let bytes = ask.encode().into();
        let mut request = Request::new(Encoded { bytes });
        request.set_timeout(within);
        Box::pin(async move {
            let answer = calls.ask(request).await.map_err(failed)?;
            Ok(answer.into_inner().bytes)
        })
    }

    fn side(&self) -> Arc<dyn Side> {
        Arc::new(self.broker.clone())
    }
}

fn failed(status: Status) -> CallError {
    if let Some(closed) = SessionClosed::of(&status) {
        return CallError::Lost(closed.clone());
    }
    let text = status.message().to_owned();
    match status.code() {
        Code::Aborted => CallError::Failed(text),
        Code::Internal => CallError::Broke(text),
        Code::DeadlineExceeded => CallError::Deadline,
        _ => CallError::Other(status.into()),
    }
}

impl Side for GrpcBroker {
    fn serve(&self, conformant: Conformant) -> BoxFuture<'_, Result<Serving, BoxError>> {
        Box::pin(async {
            let served = self.serve(|server| add(server, conformant)).await?;
            Ok(Serving::new(served.id(), served))
        })
    }

    fn dial(&self, id: u32) -> BoxFuture<'_, Result<Arc<dyn Peer>, BoxError>> {
        Box::pin(async move { Ok(caller(self.dial(id).await?, self.clone())) })
    }

    fn streams(&self) -> &dyn Broker {
        self
    }
}
