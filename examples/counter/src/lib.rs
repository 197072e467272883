//! A counter whose plugin lets the host do the adding: the plugin calls back.
//!
//! The contract is that of go-plugin's public bidirectional example: the host
//! serves an adder under a broker id and puts the id into its request.

mod sums;

use pintle::grpc::{Channel, GrpcBroker, GrpcClient, GrpcServer, limited, tonic};
use pintle::{Bindings, Grpc, Handshake, Plugin, PluginOver};
use tonic::{Request, Response, Status};

use pb::add_helper_server::{AddHelper, AddHelperServer};
use pb::counter_client::CounterClient;
use pb::counter_server::CounterServer;
use pb::{GetRequest, PutRequest, SumRequest, SumResponse};
use sums::Sums;

/// The cookie of go-plugin's public examples.
pub const HANDSHAKE: Handshake = Handshake::new("BASIC_PLUGIN", "hello");

/// A plugin that counts, with sums done by its host.
#[derive(Clone, Copy, Debug, Default)]
pub struct CounterPlugin;

impl Plugin for CounterPlugin {
    const NAME: &'static str = "counter";
    type Client = Counter;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl PluginOver<Grpc> for CounterPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        let sums = Sums::new(server.broker().clone());
        server.add(limited!(server, CounterServer::new(sums)));
        server.descriptors(DESCRIPTORS);
    }

    fn client(client: GrpcClient) -> Counter {
        let counter = limited!(client, CounterClient::new(client.channel()));
        Counter {
            counter,
            broker: client.broker().clone(),
        }
    }
}

/// A counter in a plugin.
#[derive(Clone, Debug)]
pub struct Counter {
    counter: CounterClient<Channel>,
    broker: GrpcBroker,
}

impl Counter {
    /// Adds `value` to the counter named `key`; the plugin asks `adder` for the sum.
    ///
    /// # Errors
    /// The plugin's status, or that of the broker.
    pub async fn add(&mut self, key: &str, value: i64, adder: impl Adder) -> Result<(), Status> {
        let helper = self
            .broker
            .serve(|server| {
                server.add(AddHelperServer::new(Helper(adder)));
            })
            .await
            .map_err(|error| Status::from_error(error.into()))?;
        let request = PutRequest {
            add_server: helper.id(),
            key: key.to_owned(),
            value,
        };
        self.counter.put(request).await?;
        Ok(())
    }

    /// The value of the counter named `key`.
    ///
    /// # Errors
    /// `NotFound` for a counter nobody added to, or another status of the plugin.
    pub async fn get(&mut self, key: &str) -> Result<i64, Status> {
        let found = self
            .counter
            .get(GetRequest {
                key: key.to_owned(),
            })
            .await?;
        Ok(found.into_inner().value)
    }
}

/// What the plugin asks its host for.
pub trait Adder: Send + Sync + 'static {
    /// The sum of two numbers.
    fn sum(&self, a: i64, b: i64) -> i64;
}

impl<F: Fn(i64, i64) -> i64 + Send + Sync + 'static> Adder for F {
    fn sum(&self, a: i64, b: i64) -> i64 {
        self(a, b)
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

/// Generated from `proto/counter.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/proto.rs"]
pub mod pb;

/// The encoded descriptors of the contract, for reflection.
const DESCRIPTORS: &[u8] = include_bytes!("generated/counter.bin");
