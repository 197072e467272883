use std::collections::HashMap;

use pintle::grpc::GrpcBroker;
use pintle::grpc::tonic::{self, Request, Response, Status};
use tokio::sync::Mutex;

use crate::pb::add_helper_client::AddHelperClient;
use crate::pb::counter_server::Counter;
use crate::pb::{Empty, GetRequest, GetResponse, PutRequest, SumRequest};

/// The plugin's side: counters in memory, summed by the host.
pub(crate) struct Sums {
    broker: GrpcBroker,
    /// Held over the call back, so that two additions to one counter do not lose each other.
    counters: Mutex<HashMap<String, i64>>,
}

impl Sums {
    pub(crate) fn new(broker: GrpcBroker) -> Self {
        Self {
            broker,
            counters: Mutex::default(),
        }
    }
}

#[tonic::async_trait]
impl Counter for Sums {
    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let key = request.into_inner().key;
        match self.counters.lock().await.get(&key) {
            Some(value) => Ok(Response::new(GetResponse { value: *value })),
            None => Err(Status::not_found(format!("no such key: {key}"))),
        }
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<Empty>, Status> {
        let PutRequest {
            add_server,
            key,
            value,
        } = request.into_inner();
        let channel = self.broker.dial(add_server).await;
        let channel = channel.map_err(|error| Status::from_error(error.into()))?;
        let mut counters = self.counters.lock().await;
        let counter = counters.entry(key).or_default();
        let sum = SumRequest {
            a: *counter,
            b: value,
        };
        *counter = AddHelperClient::new(channel).sum(sum).await?.into_inner().r;
        Ok(Response::new(Empty {}))
    }
}
