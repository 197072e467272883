use std::time::Duration;

use pintle_core::{BoxError, HostLink, Listener, Multiplexing, PluginLink, Protocol, Transport};

use crate::broker::GrpcBroker;
use crate::client::GrpcClient;
use crate::connection::GrpcConnection;
use crate::h2::{ConnectError, DuplicateService, KeepAlive, Limits, Settings};
use crate::server::GrpcServer;

/// How long a dial waits for the other side to accept the id, as in go-plugin.
const BROKER_DIAL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an accepted id waits to be dialled.
///
/// go-plugin waits for ever; a plugin may dial long after it was given the id,
/// but an id that was forgotten must not be served until the session ends.
const BROKER_ACCEPT_TIMEOUT: Duration = Duration::from_secs(60);

/// The gRPC transport: a value to give to `launch` and to `run`, as it is or
/// with other options.
///
/// ```
/// use pintle_grpc::Grpc;
///
/// let small = Grpc.max_message_bytes(1024 * 1024);
/// # let _ = small;
/// ```
#[derive(Clone, Debug)]
pub struct Grpc {
    limits: Option<Limits>,
    keepalive: Option<KeepAlive>,
    call_timeout: Option<Duration>,
    broker_dial_timeout: Duration,
    broker_accept_timeout: Duration,
    multiplexing: Multiplexing,
}

/// The transport with its default options, so that `launch(Grpc)` reads as it should.
#[allow(
    non_upper_case_globals,
    reason = "it stands for the type's only usual value"
)]
pub const Grpc: Grpc = Grpc {
    limits: None,
    keepalive: None,
    call_timeout: None,
    broker_dial_timeout: BROKER_DIAL_TIMEOUT,
    broker_accept_timeout: BROKER_ACCEPT_TIMEOUT,
    multiplexing: Multiplexing::OnRequest,
};

impl Grpc {
    /// The longest message to accept and to send, in bytes; 2³¹−1 by default,
    /// as in go-plugin's host.
    ///
    /// A longer one fails its call with `ResourceExhausted`.
    #[must_use]
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.limits = Some(Limits {
            decode_bytes: bytes,
            encode_bytes: bytes,
        });
        self
    }

    /// Asks a silent peer for signs of life; off by default, as in go-plugin.
    #[must_use]
    pub fn keepalive(mut self, keepalive: KeepAlive) -> Self {
        self.keepalive = Some(keepalive);
        self
    }

    /// The deadline of calls made without one of their own; none by default.
    ///
    /// It ends streams that stay open, too.
    #[must_use]
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = Some(timeout);
        self
    }

    /// How long a dial by id waits for the other side to accept it; 5 seconds by default.
    #[must_use]
    pub fn broker_dial_timeout(mut self, timeout: Duration) -> Self {
        self.broker_dial_timeout = timeout;
        self
    }

    /// How long an accepted id waits to be dialled; 60 seconds by default.
    #[must_use]
    pub fn broker_accept_timeout(mut self, timeout: Duration) -> Self {
        self.broker_accept_timeout = timeout;
        self
    }

    /// Puts everything on one connection: brokered ids are streams of it, and need no sockets of
    /// their own. For a host; a plugin does as its host asks.
    ///
    /// A plugin that cannot is refused: one written with go-plugin before 1.6, for one.
    #[must_use]
    pub fn multiplexed(mut self) -> Self {
        self.multiplexing = Multiplexing::Required;
        self
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            limits: self.limits.unwrap_or_default(),
            keepalive: self.keepalive,
            default_timeout: self.call_timeout,
            ..Settings::default()
        }
    }

    pub(crate) fn dial_timeout(&self) -> Duration {
        self.broker_dial_timeout
    }

    pub(crate) fn accept_timeout(&self) -> Duration {
        self.broker_accept_timeout
    }
}

impl Default for Grpc {
    fn default() -> Self {
        Grpc
    }
}

impl Transport for Grpc {
    type Server = GrpcServer;
    type Client = GrpcClient;
    type Connection = GrpcConnection;

    fn protocol(&self) -> Protocol {
        Protocol::GRPC
    }

    /// Recent Go peers close a connection without it after a good handshake.
    fn alpn(&self) -> &'static [&'static [u8]] {
        &[b"h2"]
    }

    fn multiplexing(&self) -> Multiplexing {
        self.multiplexing
    }

    async fn connect(&self, link: HostLink) -> Result<GrpcConnection, BoxError> {
        Ok(GrpcConnection::open(self, link).await?)
    }

    fn server(&self, link: &PluginLink) -> GrpcServer {
        GrpcServer::new(GrpcBroker::for_plugin(self, link))
    }

    async fn serve(
        &self,
        server: GrpcServer,
        link: PluginLink,
        listener: Listener,
    ) -> Result<(), BoxError> {
        let settings = Settings {
            shutdown_grace: link.shutdown_grace,
            ..self.settings()
        };
        Ok(server.run(settings, link, listener).await?)
    }
}

/// Why gRPC could not be spoken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrpcError {
    /// The plugin's socket could not be reached.
    #[error(transparent)]
    Net(#[from] pintle_core::NetError),
    /// The plugin did not speak HTTP/2.
    #[error("the plugin does not speak gRPC")]
    Connect(#[from] ConnectError),
    /// The plugin ended the connection that was to carry everything.
    #[error("the plugin does not take streams on its connection")]
    Trunk(#[from] pintle_mux::OpenError),
    /// Two services of one name were added to a server.
    #[error(transparent)]
    Duplicate(#[from] DuplicateService),
    /// The descriptors given to a server could not be read.
    #[error("the descriptors for reflection cannot be read")]
    Descriptors(#[source] BoxError),
    /// The plugin answered a ping that it is not serving.
    #[error("the plugin says that it is not serving")]
    NotServing,
}
