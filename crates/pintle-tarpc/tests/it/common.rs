//! A plugin whose service does what a test asks of it, and a world to serve it in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pintle_core::{
    Bindings, BoxError, HostLink, Listener, Plugin, PluginLink, PluginOver, PluginSet, Protocol,
    Session, Tasks, Transport, in_process,
};
use pintle_tarpc::tarpc::ServerError;
use pintle_tarpc::tarpc::context::Context;
use pintle_tarpc::{
    Bytes, Channel, Served, Tarpc, TarpcBroker, TarpcClient, TarpcConnection, TarpcServer,
    spawnable, tarpc,
};
use tokio_util::sync::CancellationToken;

/// Longer than any test takes that is not stuck.
pub(crate) const TIME: Duration = Duration::from_secs(30);

/// What a call said about itself.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Told {
    pub(crate) trace_id: u128,
    pub(crate) sampled: bool,
    pub(crate) milliseconds: u64,
}

#[tarpc::service]
pub(crate) trait Probe {
    async fn echo(bytes: Bytes) -> Bytes;
    async fn zeros(length: u32) -> Bytes;
    async fn tell() -> Told;
    async fn panic();
    async fn hang();
    /// Calls the echo that the host serves under an id.
    async fn call_back(id: u32, bytes: Bytes) -> Result<Bytes, String>;
    /// Serves an echo of its own and gives its id.
    async fn serve_echo() -> u32;
    /// Echoes raw bytes on a stream: accepts under the id it gives.
    async fn accept_raw() -> u32;
    /// Dials an id and echoes what comes.
    async fn dial_raw(id: u32) -> Result<u64, String>;
}

pub(crate) type Client = ProbeClient<Channel<ProbeRequest, ProbeResponse>>;

/// What tests see of the plugin's side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Cancelled when a `hang` has begun, and when it was dropped.
    pub(crate) hanging: CancellationToken,
    pub(crate) dropped: CancellationToken,
}

#[derive(Clone)]
pub(crate) struct Probing {
    pub(crate) broker: TarpcBroker,
    pub(crate) seen: Seen,
    pub(crate) held: Arc<Mutex<Vec<Served>>>,
}

impl Probe for Probing {
    async fn echo(self, _: Context, bytes: Bytes) -> Bytes {
        bytes
    }

    async fn zeros(self, _: Context, length: u32) -> Bytes {
        Bytes::from(vec![0; length as usize])
    }

    async fn tell(self, context: Context) -> Told {
        let left = context.deadline - std::time::Instant::now();
        Told {
            trace_id: (*context.trace_id()).into(),
            sampled: context.trace_context.sampling_decision
                == tarpc::trace::SamplingDecision::Sampled,
            milliseconds: left.as_millis() as u64,
        }
    }

    async fn panic(self, _: Context) {
        panic!("as it was told to");
    }

    async fn hang(self, _: Context) {
        let _dropped = self.seen.dropped.drop_guard();
        self.seen.hanging.cancel();
        std::future::pending::<()>().await;
    }

    async fn call_back(self, context: Context, id: u32, bytes: Bytes) -> Result<Bytes, String> {
        let client = self
            .broker
            .dial(id)
            .await
            .map_err(|error| error.to_string())?;
        let echo: Client = client.with(ProbeClient::from);
        echo.echo(context, bytes)
            .await
            .map_err(|error| error.to_string())
    }

    async fn serve_echo(self, _: Context) -> u32 {
        let served = serve_echo(&self.broker);
        let id = served.id();
        self.held.lock().unwrap().push(served);
        id
    }

    async fn accept_raw(self, _: Context) -> u32 {
        let id = self.broker.next_id().unwrap();
        let number = id.get();
        let broker = self.broker.clone();
        tokio::spawn(async move {
            if let Ok(stream) = broker.accept_stream(id).await {
                let _ = echo_raw(stream).await;
            }
        });
        number
    }

    async fn dial_raw(self, _: Context, id: u32) -> Result<u64, String> {
        let stream = self
            .broker
            .dial_stream(id)
            .await
            .map_err(|error| error.to_string())?;
        echo_raw(stream).await.map_err(|error| error.to_string())
    }
}

/// Serves the probe to the other side.
pub(crate) fn serve_echo(broker: &TarpcBroker) -> Served {
    let probing = Probing {
        broker: broker.clone(),
        seen: Seen::default(),
        held: Arc::default(),
    };
    let served = broker.serve(|server| {
        server.add(spawnable!(probing.serve()));
    });
    served.unwrap()
}

async fn echo_raw(stream: pintle_tarpc::ByteStream) -> std::io::Result<u64> {
    use tokio::io::AsyncWriteExt;
    let (mut read, mut write) = tokio::io::split(stream);
    let echoed = tokio::io::copy(&mut read, &mut write).await?;
    write.shutdown().await?;
    Ok(echoed)
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ProbePlugin {
    pub(crate) seen: Seen,
}

impl Plugin for ProbePlugin {
    const NAME: &'static str = "probe";
    type Client = (Client, TarpcBroker);

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Tarpc>().over::<Spy>()
    }
}

impl PluginOver<Tarpc> for ProbePlugin {
    fn serve(&self, server: &mut TarpcServer) {
        let probing = Probing {
            broker: server.broker().clone(),
            seen: self.seen.clone(),
            held: Arc::default(),
        };
        server.add(spawnable!(probing.serve()));
    }

    fn client(client: TarpcClient) -> Self::Client {
        let broker = client.broker().clone();
        (client.with(ProbeClient::from), broker)
    }
}

/// As a host names it that wants what nobody offers.
pub(crate) struct Missing;

impl Plugin for Missing {
    const NAME: &'static str = "missing";
    type Client = TarpcClient;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Tarpc>()
    }
}

impl PluginOver<Tarpc> for Missing {
    fn serve(&self, _: &mut TarpcServer) {}

    fn client(client: TarpcClient) -> TarpcClient {
        client
    }
}

/// A plugin that answers every call with the answer to another.
pub(crate) struct Liar;

impl Plugin for Liar {
    const NAME: &'static str = "liar";
    type Client = Client;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Tarpc>()
    }
}

impl PluginOver<Tarpc> for Liar {
    fn serve(&self, server: &mut TarpcServer) {
        server.add(|_: Context, _: ProbeRequest| async {
            Ok::<_, ServerError>(ProbeResponse::Panic(()))
        });
    }

    fn client(client: TarpcClient) -> Client {
        client.with(ProbeClient::from)
    }
}

/// A session with the probe over `tarpc`, its client and its broker.
pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) probe: Client,
    pub(crate) broker: TarpcBroker,
    pub(crate) seen: Seen,
}

pub(crate) async fn world(tarpc: Tarpc) -> World {
    let plugin = ProbePlugin::default();
    let seen = plugin.seen.clone();
    let set = PluginSet::new().plugin(plugin).plugin(Liar);
    let session = in_process(set, tarpc).await.unwrap();
    let (probe, broker) = session.dispense::<ProbePlugin>().await.unwrap();
    World {
        session,
        probe,
        broker,
        seen,
    }
}

/// Tarpc that lets a test have the host's link, to make connections of its own.
#[derive(Clone, Default)]
pub(crate) struct Spy {
    /// Lets another host connect first, and go.
    pub(crate) preceded: bool,
    pub(crate) link: Arc<Mutex<Option<HostLink>>>,
}

impl Spy {
    pub(crate) fn link(&self) -> HostLink {
        self.link.lock().unwrap().clone().unwrap()
    }
}

impl Transport for Spy {
    type Server = TarpcServer;
    type Client = TarpcClient;
    type Connection = TarpcConnection;

    fn protocol(&self) -> Protocol {
        Protocol::new("spied-tarpc")
    }

    async fn connect(&self, link: HostLink) -> Result<TarpcConnection, BoxError> {
        if self.preceded {
            let mut first = link.clone();
            first.tasks = Tasks::new();
            Tarpc.connect(first.clone()).await?;
            first.tasks.finish().await;
        }
        *self.link.lock().unwrap() = Some(link.clone());
        loop {
            match Tarpc.connect(link.clone()).await {
                // The plugin hears of the end of the one before in its own time.
                Err(error) if error.to_string().contains("another host") => {
                    tokio::task::yield_now().await;
                }
                connected => return connected,
            }
        }
    }

    fn server(&self, link: &PluginLink) -> TarpcServer {
        Tarpc.server(link)
    }

    fn begin_plugin(&self, server: &mut TarpcServer, plugin: &'static str) {
        Tarpc.begin_plugin(server, plugin);
    }

    async fn serve(
        &self,
        server: TarpcServer,
        link: PluginLink,
        listener: Listener,
    ) -> Result<(), BoxError> {
        Tarpc.serve(server, link, listener).await
    }
}

impl PluginOver<Spy> for ProbePlugin {
    fn serve(&self, server: &mut TarpcServer) {
        PluginOver::<Tarpc>::serve(self, server);
    }

    fn client(client: TarpcClient) -> Self::Client {
        <Self as PluginOver<Tarpc>>::client(client)
    }
}

/// An error and its causes on one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
