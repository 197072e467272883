//! What a transport is: how host and plugin talk once the handshake is done.

mod erased;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use erased::{AnyConnection, AnyTransport};

use crate::ended::Ended;
use crate::error::BoxError;
use crate::excerpt::excerpt;
use crate::handshake::Protocol;
use crate::net::{Address, Listener, Net};
use crate::output::Output;
use crate::shutdown::Shutdown;
use crate::stdio::StdioSource;
use crate::tasks::Tasks;

/// A way for host and plugin to talk: gRPC, tarpc, or one written elsewhere.
///
/// A transport is a value, given to [`launch`](crate::PluginCommand::launch)
/// and to [`run`](crate::Serve::run); which transports exist is nobody's
/// business but the user's. Nothing here is private to the transports of this
/// repository.
pub trait Transport: Send + Sync + 'static {
    /// What a plugin puts its services into; see [`PluginOver::serve`](crate::PluginOver::serve).
    type Server: Send + 'static;
    /// What a plugin's client is made from; see [`PluginOver::client`](crate::PluginOver::client).
    type Client: Send + 'static;
    /// The host's end of a session.
    type Connection: Connection<Client = Self::Client>;

    /// The word for this transport on the handshake line.
    fn protocol(&self) -> Protocol;

    /// The application protocols to agree on in every TLS handshake; none by default.
    fn alpn(&self) -> &'static [&'static [u8]] {
        &[]
    }

    /// Whether everything of a session can, or must, go over one connection.
    fn multiplexing(&self) -> Multiplexing {
        Multiplexing::Never
    }

    /// Host side: connects to a plugin that has printed its handshake line.
    ///
    /// Bounded by the host's connect timeout; dropping the future must leave
    /// nothing but tasks of `link.tasks`.
    fn connect(
        &self,
        link: HostLink,
    ) -> impl Future<Output = Result<Self::Connection, BoxError>> + Send;

    /// Plugin side: an empty server, to be filled by the plugins.
    fn server(&self, link: &PluginLink) -> Self::Server;

    /// Plugin side: what is put into `server` from now on belongs to the plugin named `plugin`.
    ///
    /// Called before each plugin's [`serve`](crate::PluginOver::serve). For a transport that
    /// dispenses by name; the default does nothing.
    fn begin_plugin(&self, server: &mut Self::Server, plugin: &'static str) {
        let _ = (server, plugin);
    }

    /// Plugin side: serves until `link.shutdown` is triggered.
    ///
    /// The listener is bound and the handshake line printed by the caller. When
    /// this returns, every call has been answered or ended.
    fn serve(
        &self,
        server: Self::Server,
        link: PluginLink,
        listener: Listener,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// Whether a transport puts a whole session, brokered ids included, on one
/// connection, in the way that `PLUGIN_MULTIPLEX_GRPC` asks for.
///
/// A transport that always does, and needs nobody's leave, says `Never`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Multiplexing {
    /// It cannot, or it need not be agreed on.
    #[default]
    Never,
    /// A plugin does when its host asks; a host does not ask.
    OnRequest,
    /// A host asks, and refuses a plugin that cannot.
    Required,
}

/// The host's end of a session over one transport.
pub trait Connection: Send + Sync + 'static {
    /// The same as the transport's [`Client`](Transport::Client).
    type Client;

    /// What the client of the plugin named `plugin` is made from.
    fn dispense(&self, plugin: &str)
    -> impl Future<Output = Result<Self::Client, BoxError>> + Send;

    /// Asks whether the plugin still answers.
    fn ping(&self) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Asks the plugin to end itself. The caller sets the deadline.
    fn shutdown(&self) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Resolves when the connection is gone, for whatever reason.
    fn lost(&self) -> impl Future<Output = ()> + Send;
}

/// What a transport is given to connect a host to its plugin.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostLink {
    /// The plugin's address, from its handshake line.
    pub address: Address,
    /// How to connect to it, and how to listen for its calls back.
    pub net: Net,
    /// The owner of every task of this session.
    pub tasks: Tasks,
    /// The owner of the task that receives the plugin's standard outputs; it
    /// gets a moment longer than the others, to hear the last words.
    pub outputs: Tasks,
    /// Where what the plugin writes to its stdout and stderr goes.
    pub output: Output,
    /// Why the session ended, once it has.
    pub ended: Ended,
    /// Whether both sides agreed to put everything on one connection.
    pub multiplexed: bool,
}

/// What a transport is given to serve a plugin.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PluginLink {
    /// How to reach the host, and how to listen for it.
    pub net: Net,
    /// The owner of every task of this session.
    pub tasks: Tasks,
    /// What this process writes to its stdout and stderr.
    pub stdio: StdioSource,
    /// To be triggered when the host asks the plugin to end, and to be waited for.
    pub shutdown: Shutdown,
    /// How long the calls that are open then may take to be answered.
    pub shutdown_grace: Duration,
    /// Whether both sides agreed to put everything on one connection.
    pub multiplexed: bool,
    /// Whether the plugin outlives its host: the end of a connection is then not the end of
    /// serving, for another host may come.
    pub outlives_host: bool,
}

/// The transports one side offers, most preferred first.
///
/// A single transport converts into it, so that `launch(Grpc)` reads as it
/// should; further ones are added with [`or`](Self::or).
#[derive(Clone)]
pub struct Transports {
    list: Vec<Arc<dyn AnyTransport>>,
}

impl Transports {
    /// Adds a transport to choose when the other side has none of those before it.
    #[must_use]
    pub fn or(mut self, transport: impl Transport) -> Self {
        self.list.push(erased::erase(transport));
        self
    }

    /// Only the transport of that word, as a user may ask for on a command line.
    ///
    /// # Errors
    /// [`NoSuchTransport`] lists the words there are.
    pub fn only(mut self, word: &str) -> Result<Self, NoSuchTransport> {
        let offered = self.protocols();
        self.list
            .retain(|transport| transport.protocol().as_str() == word);
        if self.list.is_empty() {
            let word = excerpt(word);
            return Err(NoSuchTransport { word, offered });
        }
        Ok(self)
    }

    /// Whether a plugin is to be asked for everything on one connection.
    pub(crate) fn ask_for_multiplexing(&self) -> bool {
        let mut all = self.list.iter();
        all.any(|transport| transport.multiplexing() == Multiplexing::Required)
    }

    /// The words of the transports, in order of preference.
    pub(crate) fn protocols(&self) -> Vec<Protocol> {
        self.list
            .iter()
            .map(|transport| transport.protocol())
            .collect()
    }

    /// The transport that `protocol` names on the handshake line.
    pub(crate) fn by_protocol(&self, protocol: &Protocol) -> Option<&Arc<dyn AnyTransport>> {
        self.list
            .iter()
            .find(|transport| transport.protocol() == *protocol)
    }

    /// Plugin side: the first of the host's wishes that is here.
    ///
    /// A host that says nothing is a Go host, or another that knows only gRPC:
    /// it gets gRPC, and what the plugin prefers if it has no gRPC.
    pub(crate) fn choose(&self, wishes: Option<&[Protocol]>) -> &Arc<dyn AnyTransport> {
        let default = [Protocol::GRPC];
        wishes
            .unwrap_or(&default)
            .iter()
            .find_map(|wish| self.by_protocol(wish))
            .unwrap_or(&self.list[0])
    }
}

/// A word that names none of the transports there are. `Debug` prints what `Display` does, so that
/// a `main` that returns this error shows it.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("no transport is called \"{word}\": there are {}", listed(.offered))]
#[non_exhaustive]
pub struct NoSuchTransport {
    /// The word, escaped and bounded.
    pub word: String,
    /// The words there are, most preferred first.
    pub offered: Vec<Protocol>,
}

impl fmt::Debug for NoSuchTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn listed(protocols: &[Protocol]) -> String {
    let words: Vec<_> = protocols.iter().map(Protocol::as_str).collect();
    words.join(", ")
}

impl<T: Transport> From<T> for Transports {
    fn from(transport: T) -> Self {
        Self {
            list: vec![erased::erase(transport)],
        }
    }
}

impl fmt::Debug for Transports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.protocols()).finish()
    }
}
