//! A plugin that does what a test asks of it.

mod services;

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;

use pintle::grpc::{Channel, GrpcBroker, GrpcClient, GrpcServer, limited, tonic};
use pintle::{Bindings, Grpc, Handshake, LogStderr, Plugin, PluginOver};
use tokio::sync::watch;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::open_calls::OpenCalls;
use crate::pb::echo_client::EchoClient;
use crate::pb::echo_server::{self, EchoServer};
use crate::pb::{
    AwaitNeverRequest, CallBackRequest, CountRequest, Empty, ExitRequest, FillRequest,
    GatherRequest, HoldingsResponse, OpenStreamRequest, Output, Payload, PrintRequest,
    RelayRequest, ServeRequest, ServeResponse, ServiceId, StreamTask,
};
use crate::streams::{self, Treated};
use crate::world;
use services::Services;

/// What the tests' hosts and plugins agree on.
pub const HANDSHAKE: Handshake = Handshake::new("PINTLE_TEST_COOKIE", "rogue");

/// The plugin of the tests.
#[derive(Clone, Copy, Debug)]
pub struct EchoPlugin;

impl Plugin for EchoPlugin {
    const NAME: &'static str = "echo";
    type Client = Echo;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl PluginOver<Grpc> for EchoPlugin {
    fn serve(&self, server: &mut GrpcServer) {
        let service = EchoService::new(server.broker().clone());
        server.add(limited!(server, EchoServer::new(service)));
    }

    fn client(client: GrpcClient) -> Echo {
        Echo {
            calls: limited!(client, EchoClient::new(client.channel())),
            broker: client.broker().clone(),
        }
    }
}

/// The host's side of [`EchoPlugin`].
#[derive(Clone, Debug)]
pub struct Echo {
    /// To call the plugin.
    pub calls: EchoClient<Channel>,
    /// The host's broker.
    pub broker: GrpcBroker,
}

/// The service itself; a host can serve it to its plugin, too.
#[derive(Clone)]
pub struct EchoService {
    broker: GrpcBroker,
    open: OpenCalls,
    gathered: Arc<watch::Sender<u32>>,
    services: Services,
    treated: Treated,
}

impl EchoService {
    /// A service that calls back through `broker`.
    pub fn new(broker: GrpcBroker) -> Self {
        Self {
            broker,
            open: OpenCalls::default(),
            gathered: Arc::default(),
            services: Services::default(),
            treated: Treated::default(),
        }
    }

    /// The service with the message limits of its broker, to be added to a server.
    pub fn into_server(self) -> EchoServer<Self> {
        let limits = self.broker.clone();
        limited!(limits, EchoServer::new(self))
    }
}

impl std::fmt::Debug for EchoService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EchoService").finish_non_exhaustive()
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl echo_server::Echo for EchoService {
    async fn repeat(&self, request: Request<Payload>) -> Answer<Payload> {
        Ok(Response::new(request.into_inner()))
    }

    async fn fill(&self, request: Request<FillRequest>) -> Answer<Payload> {
        let length = usize::try_from(request.into_inner().bytes)
            .map_err(|_| Status::invalid_argument("too long"))?;
        let bytes = vec![0x5a; length];
        Ok(Response::new(Payload { bytes }))
    }

    type CountStream = Pin<Box<dyn Stream<Item = Result<Payload, Status>> + Send>>;

    async fn count(&self, request: Request<CountRequest>) -> Answer<Self::CountStream> {
        let numbers = tokio_stream::iter(0..request.into_inner().count);
        let payloads = numbers.map(|number| {
            let bytes = number.to_be_bytes().to_vec();
            Ok(Payload { bytes })
        });
        Ok(Response::new(Box::pin(payloads)))
    }

    async fn never(&self, _: Request<Empty>) -> Answer<Empty> {
        let _open = self.open.enter();
        std::future::pending().await
    }

    async fn await_never(&self, request: Request<AwaitNeverRequest>) -> Answer<Empty> {
        self.open.reach(request.into_inner().open).await;
        Ok(Response::new(Empty {}))
    }

    async fn gather(&self, request: Request<GatherRequest>) -> Answer<Empty> {
        let calls = request.into_inner().calls;
        self.gathered.send_modify(|gathered| *gathered += 1);
        let mut gathered = self.gathered.subscribe();
        let all = gathered.wait_for(|gathered| *gathered >= calls).await;
        all.map(|_| Response::new(Empty {}))
            .map_err(|_| Status::internal("the sender is our own"))
    }

    async fn panic(&self, _: Request<Empty>) -> Answer<Empty> {
        panic!("asked to panic")
    }

    async fn print(&self, request: Request<PrintRequest>) -> Answer<Empty> {
        let request = request.into_inner();
        let to = request.to();
        // What is printed may wait for the host, which waits for this thread's other calls.
        let printed = tokio::task::spawn_blocking(move || print(to, &request.bytes, request.times));
        printed
            .await
            .map_err(|error| Status::internal(error.to_string()))??;
        Ok(Response::new(Empty {}))
    }

    async fn exit(&self, request: Request<ExitRequest>) -> Answer<Empty> {
        let ExitRequest { code, last_words } = request.into_inner();
        LogStderr.write_all(format!("{last_words}\n").as_bytes())?;
        std::process::exit(code)
    }

    async fn call_back(&self, request: Request<CallBackRequest>) -> Answer<Payload> {
        let CallBackRequest { id, payload } = request.into_inner();
        let channel = self.broker.dial(id).await.map_err(told)?;
        limited!(self.broker, EchoClient::new(channel))
            .repeat(payload.unwrap_or_default())
            .await
    }

    async fn serve(&self, request: Request<ServeRequest>) -> Answer<ServeResponse> {
        let id = match request.into_inner().id {
            0 => self.broker.next_id(),
            id => self.broker.claim(id),
        };
        let service = self.clone();
        let fill = |server: &mut GrpcServer| {
            server.add(service.into_server());
        };
        let served = self.broker.serve_on(id.map_err(told)?, fill).await;
        let id = self.services.keep(served.map_err(told)?);
        Ok(Response::new(ServeResponse { id }))
    }

    async fn end_service(&self, request: Request<ServiceId>) -> Answer<Empty> {
        let served = self.services.take(request.into_inner().id)?;
        served.close().await;
        Ok(Response::new(Empty {}))
    }

    async fn await_service(&self, request: Request<ServiceId>) -> Answer<Payload> {
        let served = self.services.take(request.into_inner().id)?;
        let reason = match served.ended().await {
            Ok(()) => "it ended".to_owned(),
            Err(error) => error.to_string(),
        };
        let bytes = reason.into_bytes();
        Ok(Response::new(Payload { bytes }))
    }

    async fn relay(&self, request: Request<RelayRequest>) -> Answer<Payload> {
        let RelayRequest { mut ids, payload } = request.into_inner();
        if ids.is_empty() {
            return Ok(Response::new(payload.unwrap_or_default()));
        }
        let next = self.broker.dial(ids.remove(0)).await.map_err(told)?;
        limited!(self.broker, EchoClient::new(next))
            .relay(RelayRequest { ids, payload })
            .await
    }

    async fn open_stream(&self, request: Request<OpenStreamRequest>) -> Answer<Empty> {
        let OpenStreamRequest { id, task } = request.into_inner();
        let stream = self.broker.stream(id).await.map_err(told)?;
        let treating = streams::treat(stream, task.unwrap_or_default());
        self.treated.push(tokio::spawn(treating));
        Ok(Response::new(Empty {}))
    }

    async fn offer_stream(&self, request: Request<StreamTask>) -> Answer<ServiceId> {
        let task = request.into_inner();
        let offer = self.broker.offer_stream().await.map_err(told)?;
        let id = offer.id();
        self.treated.push(tokio::spawn(async move {
            let stream = offer.accept().await.map_err(std::io::Error::other)?;
            streams::treat(stream, task).await
        }));
        Ok(Response::new(ServiceId { id }))
    }

    async fn await_stream(&self, _: Request<Empty>) -> Answer<Payload> {
        let treating = self.treated.pop();
        let treating = treating.ok_or_else(|| Status::not_found("there is no stream"))?;
        let treated = treating
            .await
            .map_err(|error| Status::internal(error.to_string()))?;
        let outcome = treated.unwrap_or_else(|error| format!("{:?}: {error}", error.kind()));
        let bytes = outcome.into_bytes();
        Ok(Response::new(Payload { bytes }))
    }

    async fn holdings(&self, _: Request<Empty>) -> Answer<HoldingsResponse> {
        Ok(Response::new(HoldingsResponse {
            descriptors: world::descriptors() as u64,
            tasks: world::tasks() as u64,
            peak_bytes: world::peak_bytes(),
        }))
    }
}

fn print(to: Output, bytes: &[u8], times: u32) -> Result<(), Status> {
    for _ in 0..times {
        match to {
            Output::Stdout => std::io::stdout().write_all(bytes)?,
            Output::Stderr => std::io::stderr().write_all(bytes)?,
            Output::Log => LogStderr.write_all(bytes)?,
        }
    }
    Ok(std::io::stdout().flush()?)
}

/// A broker's error as it crosses the wire: its text with its causes.
fn told(error: pintle::grpc::BrokerError) -> Status {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    Status::failed_precondition(text)
}
