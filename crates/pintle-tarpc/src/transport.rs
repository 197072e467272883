use std::time::Duration;

use pintle_core::{BoxError, HostLink, Listener, PluginLink, Protocol, Tasks, Transport};
use pintle_mux::Config;
use tokio_util::sync::CancellationToken;

use crate::broker::TarpcBroker;
use crate::client::TarpcClient;
use crate::codec::Codec;
use crate::connection::TarpcConnection;
use crate::control::Terms;
use crate::messages::Wire;
use crate::server::TarpcServer;
use crate::service::Serving;

/// The longest value of a call or an answer, unless [`Tarpc::max_message_bytes`] says otherwise.
pub const DEFAULT_MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

/// How many calls of one stream are worked on at a time, unless [`Tarpc::max_concurrent_calls`]
/// says otherwise.
pub const DEFAULT_MAX_CONCURRENT_CALLS: usize = 256;

/// How long a plugin may take to say whether it has a plugin of some name.
const DISPENSE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a dial waits for the other side to accept the id.
const BROKER_DIAL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an accepted id waits to be dialled.
const BROKER_ACCEPT_TIMEOUT: Duration = Duration::from_secs(60);

/// How long open calls may go on when a plugin ends. A host kills its plugin 2 seconds after
/// asking it to end.
const SHUTDOWN_GRACE: Duration = pintle_core::DEFAULT_SHUTDOWN_GRACE;

/// The most that a message's length can say, less its head.
const LARGEST_MESSAGE_BYTES: usize = i32::MAX as usize;

/// The tarpc transport: a value to give to `launch` and to `run`, as it is or with other options.
///
/// ```
/// use pintle_tarpc::{Codec, Tarpc};
///
/// let small = Tarpc.max_message_bytes(1024 * 1024).codecs([Codec::Postcard]);
/// # let _ = small;
/// ```
#[derive(Clone, Debug)]
pub struct Tarpc {
    codecs: Option<Vec<Codec>>,
    max_message_bytes: usize,
    max_concurrent_calls: usize,
    keepalive: Option<(Duration, Duration)>,
    dispense_timeout: Duration,
    broker_dial_timeout: Duration,
    broker_accept_timeout: Duration,
}

/// The transport with its default options, so that `launch(Tarpc)` reads as it should.
#[allow(
    non_upper_case_globals,
    reason = "it stands for the type's only usual value"
)]
pub const Tarpc: Tarpc = Tarpc {
    codecs: None,
    max_message_bytes: DEFAULT_MAX_MESSAGE_BYTES,
    max_concurrent_calls: DEFAULT_MAX_CONCURRENT_CALLS,
    keepalive: None,
    dispense_timeout: DISPENSE_TIMEOUT,
    broker_dial_timeout: BROKER_DIAL_TIMEOUT,
    broker_accept_timeout: BROKER_ACCEPT_TIMEOUT,
};

impl Tarpc {
    /// The codecs this side has, most preferred first; bincode, then postcard by default.
    ///
    /// The plugin takes the first of the host's that it has, too. An empty list is the default.
    #[must_use]
    pub fn codecs(mut self, codecs: impl IntoIterator<Item = Codec>) -> Self {
        let codecs: Vec<_> = codecs.into_iter().collect();
        self.codecs = (!codecs.is_empty()).then_some(codecs);
        self
    }

    /// The longest arguments or answer of a call to accept, in bytes as encoded; 8 MiB by default,
    /// 2 GiB at most.
    ///
    /// Each side tells the other its own, and the smaller one counts. A longer value fails its
    /// call, before it is sent; a peer that sends one all the same loses the stream.
    #[must_use]
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.max_message_bytes = bytes.min(LARGEST_MESSAGE_BYTES);
        self
    }

    /// How many calls of one stream are worked on at a time on this side; 256 by default.
    ///
    /// Each costs a task. The other side is told, and keeps further ones back until it is their
    /// turn; their deadlines run meanwhile. Calls of a peer that does not keep to it, beyond twice
    /// as many, fail at once with the kind `WouldBlock`.
    #[must_use]
    pub fn max_concurrent_calls(mut self, calls: usize) -> Self {
        self.max_concurrent_calls = calls.max(1);
        self
    }

    /// Asks the other side for a sign of life every `interval`, and gives the connection up when
    /// it neither answers nor sends anything else within `timeout`; off by default.
    ///
    /// A plugin stopped in a debugger does not answer.
    #[must_use]
    pub fn keepalive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.keepalive = Some((interval, timeout));
        self
    }

    /// How long a plugin may take to say whether it has a plugin of the name that is dispensed; 10
    /// seconds by default.
    #[must_use]
    pub fn dispense_timeout(mut self, timeout: Duration) -> Self {
        self.dispense_timeout = timeout;
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

    fn settings(&self) -> Settings {
        Settings {
            codecs: self.codecs.clone().unwrap_or_else(|| Codec::ALL.to_vec()),
            max_message_bytes: self.max_message_bytes,
            max_calls: self.max_concurrent_calls,
            keepalive: self.keepalive,
            dispense_timeout: self.dispense_timeout,
            dial_timeout: self.broker_dial_timeout,
            accept_timeout: self.broker_accept_timeout,
            grace: SHUTDOWN_GRACE,
        }
    }
}

impl Default for Tarpc {
    fn default() -> Self {
        Tarpc
    }
}

impl Transport for Tarpc {
    type Server = TarpcServer;
    type Client = TarpcClient;
    type Connection = TarpcConnection;

    fn protocol(&self) -> Protocol {
        Protocol::TARPC
    }

    async fn connect(&self, link: HostLink) -> Result<TarpcConnection, BoxError> {
        Ok(TarpcConnection::open(self.settings(), link).await?)
    }

    fn server(&self, link: &PluginLink) -> TarpcServer {
        let settings = Settings {
            grace: link.shutdown_grace,
            ..self.settings()
        };
        TarpcServer::new(TarpcBroker::new(settings, link.tasks.clone()))
    }

    fn begin_plugin(&self, server: &mut TarpcServer, plugin: &'static str) {
        server.begin_plugin(plugin);
    }

    async fn serve(
        &self,
        server: TarpcServer,
        link: PluginLink,
        listener: Listener,
    ) -> Result<(), BoxError> {
        Ok(server.run(link, listener).await?)
    }
}

/// The options, as the parts of a session use them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    codecs: Vec<Codec>,
    max_message_bytes: usize,
    max_calls: usize,
    keepalive: Option<(Duration, Duration)>,
    pub(crate) dispense_timeout: Duration,
    pub(crate) dial_timeout: Duration,
    pub(crate) accept_timeout: Duration,
    /// How long the calls that are open at the end may take to be answered.
    grace: Duration,
}

impl Settings {
    /// What to bring to the hello.
    pub(crate) fn terms(&self) -> Terms {
        Terms {
            codecs: self.codecs.clone(),
            max_message_bytes: self.max_message_bytes,
            max_calls: self.max_calls,
        }
    }

    pub(crate) fn mux(&self) -> Config {
        let mut config = Config::default();
        config.keepalive_interval = self.keepalive.map(|(interval, _)| interval);
        if let Some((_, timeout)) = self.keepalive {
            config.keepalive_timeout = timeout;
        }
        config
    }

    pub(crate) fn serving(&self, wire: Wire, tasks: Tasks, stop: CancellationToken) -> Serving {
        Serving {
            wire,
            // The other side forgets a call that is cancelled or too late a moment before this
            // one hears of it, and may have sent the next.
            max_calls: self.max_calls.saturating_mul(2),
            tasks,
            stop,
            grace: self.grace,
        }
    }
}
