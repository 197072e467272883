//! The counter over gRPC, on the contract in `proto/counter.proto`.

use pintle::grpc::{Channel, GrpcBroker, GrpcClient, GrpcServer, limited, tonic};
use pintle::{Grpc, PluginOver};
use tonic::{Code, Request, Response, Status};

use pb::add_helper_client::AddHelperClient;
use pb::add_helper_server::{AddHelper, AddHelperServer};
use pb::counter_client::CounterClient;
use pb::counter_server::{Counter as Service, CounterServer};
use pb::{Empty, GetRequest, GetResponse, PutRequest, SumRequest, SumResponse};

use crate::sums::Sums;
use crate::{Adder, Counter, CounterError, CounterPlugin};

impl PluginOver<Grpc> for CounterPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        let served = Served {
            sums: Sums::default(),
            broker: server.broker().clone(),
        };
        server.add(limited!(server, CounterServer::new(served)));
        server.descriptors(DESCRIPTORS);
    }

    fn client(client: GrpcClient) -> Counter {
        let counter = limited!(client, CounterClient::new(client.channel()));
        Counter::Grpc(GrpcCounter {
            counter,
            broker: client.broker().clone(),
        })
    }
}

struct Served {
    sums: Sums,
    broker: GrpcBroker,
}

#[tonic::async_trait]
impl Service for Served {
    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let value = self.sums.get(request.into_inner().key).await?;
        Ok(Response::new(GetResponse { value }))
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<Empty>, Status> {
        let request = request.into_inner();
        let channel = self.broker.dial(request.add_server).await;
        let mut adder = AddHelperClient::new(channel.map_err(CounterError::adder)?);
        let sum = async |a| {
            let b = request.value;
            let sum = adder.sum(SumRequest { a, b }).await;
            Ok(sum.map_err(CounterError::adder)?.into_inner().r)
        };
        self.sums.put(request.key, sum).await?;
        Ok(Response::new(Empty {}))
    }
}

/// The host's side.
#[derive(Clone, Debug)]
pub struct GrpcCounter {
    counter: CounterClient<Channel>,
    broker: GrpcBroker,
}

impl GrpcCounter {
    pub(crate) async fn add(
        &self,
        key: &str,
        value: i64,
        adder: impl Adder,
    ) -> Result<(), CounterError> {
        let served = self.broker.serve(|server| {
            server.add(AddHelperServer::new(Helper(adder)));
        });
        let helper = served.await.map_err(CounterError::call)?;
        let request = PutRequest {
            add_server: helper.id(),
            key: key.to_owned(),
            value,
        };
        self.counter.clone().put(request).await?;
        Ok(())
    }

    pub(crate) async fn get(&self, key: &str) -> Result<i64, CounterError> {
        let key = key.to_owned();
        let found = self.counter.clone().get(GetRequest { key }).await?;
        Ok(found.into_inner().value)
    }
}

struct Helper<A>(A);

#[tonic::async_trait]
impl<A: Adder> AddHelper for Helper<A> {
    async fn sum(&self, request: Request<SumRequest>) -> Result<Response<SumResponse>, Status> {
        let SumRequest { a, b } = request.into_inner();
        Ok(Response::new(SumResponse {
            r: self.0.sum(a, b),
        }))
    }
}

impl From<CounterError> for Status {
    fn from(error: CounterError) -> Self {
        let code = match error {
            CounterError::NotFound(_) => Code::NotFound,
            CounterError::Adder(_) => Code::Aborted,
            CounterError::Call(_) => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<Status> for CounterError {
    fn from(status: Status) -> Self {
        match status.message().strip_prefix("no such key: ") {
            Some(key) if status.code() == Code::NotFound => Self::NotFound(key.to_owned()),
            _ => Self::call(status),
        }
    }
}

/// Generated from `proto/counter.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/proto.rs"]
pub mod pb;

/// The encoded descriptors of the contract, for reflection.
const DESCRIPTORS: &[u8] = include_bytes!("generated/counter.bin");
