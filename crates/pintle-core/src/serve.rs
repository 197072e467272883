//! A plugin's main: from the environment its host gave it to its orderly end.

mod error;
mod orphan;
mod outputs;
mod panic;
mod signals;
mod test_mode;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::io::Write;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "mtls")]
use crate::error::BoxError;
use crate::handshake::env::{Lifeline, PluginEnv, remember_cookie};
use crate::handshake::{
    CORE_VERSION, Handshake, HandshakeLine, ProtocolVersion, listed, negotiate,
};
use crate::host::DEFAULT_CONNECT_TIMEOUT;
use crate::log::LogStderr;
use crate::net::{Address, Net, Network, SameView};
use crate::plugin::{IntoPlugin, PluginSet};
use crate::security::{self, Provider};
use crate::shutdown::Shutdown;
use crate::stdio::StdioSource;
use crate::tasks::Tasks;
use crate::transport::{Multiplexing, PluginLink, Transports};

pub use error::ServeError;
pub use orphan::DEFAULT_ORPHAN_TIMEOUT;
pub use test_mode::TestMode;

use outputs::{Hearing, Outputs};

/// How long the calls that are open when a plugin is asked to end may take to be answered, unless
/// the plugin says otherwise.
pub const DEFAULT_SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

/// Begins a plugin's main over these transports: `serve_over(HANDSHAKE, Grpc).plugin(Greeter).run().await`.
///
/// With the `pintle` crate, `serve(HANDSHAKE)` is the same over all that are compiled in.
pub fn serve_over(handshake: Handshake, transports: impl Into<Transports>) -> Serve {
    Serve {
        handshake,
        transports: transports.into(),
        sets: BTreeMap::new(),
        network: None,
        provider: None,
        until: None,
        keep_stdio: false,
        shutdown_grace: DEFAULT_SHUTDOWN_GRACE,
        orphan_timeout: DEFAULT_ORPHAN_TIMEOUT,
    }
}

/// A plugin's options; see [`serve_over`].
pub struct Serve {
    handshake: Handshake,
    transports: Transports,
    sets: BTreeMap<ProtocolVersion, PluginSet>,
    network: Option<Tcp>,
    provider: Option<Provider>,
    until: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    keep_stdio: bool,
    shutdown_grace: Duration,
    orphan_timeout: Duration,
}

/// The choice to listen on loopback TCP, at the ports the host allows.
#[derive(Clone, Copy, Debug)]
struct Tcp;

impl Serve {
    /// Speaks only these, most preferred first, of which the host takes one.
    #[must_use]
    pub fn over(mut self, transports: impl Into<Transports>) -> Self {
        self.transports = transports.into();
        self
    }

    /// Offers a plugin in the handshake's own protocol version.
    #[must_use]
    pub fn plugin(mut self, plugin: impl IntoPlugin) -> Self {
        let version = self.handshake.protocol_version();
        let set = self
            .sets
            .remove(&version)
            .unwrap_or_default()
            .plugin(plugin);
        self.sets.insert(version, set);
        self
    }

    /// Offers a set of plugins in one protocol version; hosts get the newest they know too.
    #[must_use]
    pub fn plugins(mut self, version: impl Into<ProtocolVersion>, set: PluginSet) -> Self {
        self.sets.insert(version.into(), set);
        self
    }

    /// Listens on loopback TCP, at a free port of the host's range, instead of on a unix socket.
    #[must_use]
    pub fn tcp(mut self) -> Self {
        self.network = Some(Tcp);
        self
    }

    /// Brings certificates instead of AutoMTLS; called once, before the plugin listens.
    ///
    /// The host must have been given matching ones.
    #[cfg(feature = "mtls")]
    #[must_use]
    pub fn tls(
        mut self,
        provide: impl FnOnce() -> Result<pintle_mtls::Tls, BoxError> + Send + 'static,
    ) -> Self {
        self.provider = Some(Provider::new(provide));
        self
    }

    /// Ends the plugin, in good order, when `until` resolves, too.
    #[must_use]
    pub fn until(mut self, until: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(until));
        self
    }

    /// Leaves stdout and stderr alone: what is printed goes to the host's pipes
    /// raw, where a Go host shows stdout to nobody and takes stderr for the log.
    #[must_use]
    pub fn keep_stdio(mut self) -> Self {
        self.keep_stdio = true;
        self
    }

    /// How long the calls that are open when the plugin is asked to end may take to be answered,
    /// before they are ended; [`DEFAULT_SHUTDOWN_GRACE`] by default.
    ///
    /// A host that closes waits for it, and no longer than its own close timeout.
    #[must_use]
    pub fn shutdown_grace(mut self, grace: Duration) -> Self {
        self.shutdown_grace = grace;
        self
    }

    /// How long the plugin may take to end in good order when its host is gone without having
    /// closed it, before it ends by force; [`DEFAULT_ORPHAN_TIMEOUT`] by default.
    ///
    /// A host written with pintle has its plugins ended after 2 seconds, whatever is said here.
    #[must_use]
    pub fn orphan_timeout(mut self, timeout: Duration) -> Self {
        self.orphan_timeout = timeout;
        self
    }

    /// Shakes hands with the host and serves until the host asks the plugin to
    /// end, SIGTERM arrives, or [`until`](Self::until) resolves; or until the host is gone.
    ///
    /// A host that is gone, however it died, is noticed by the end of stdin or of the parent
    /// process. The plugin then has the [orphan timeout](Self::orphan_timeout) to end, also when
    /// `run` has returned; and so has what it started, if it leads its process group as it does
    /// under a host written with pintle.
    ///
    /// Takes over what belongs to the process: stdout and stderr are the host's, which reads them
    /// as they are if it is written with pintle, and are captured for it otherwise; stdin is
    /// empty unless the host [shares its own](crate::PluginCommand::inherit_stdin), SIGINT is
    /// ignored (a terminal sends it to host and plugin both), SIGPIPE does not kill, and panics
    /// are reported in the log. Not cancel-safe: the future belongs at the end of `main`.
    ///
    /// Captured output that has not been sent when the process is killed or aborts is lost; what a
    /// host reads as it is, is not.
    ///
    /// # Errors
    /// [`ServeError`]; return it from `main`, which then prints what is wrong
    /// and exits with code 1. Started by hand, without a host, it is
    /// [`ServeError::NoHost`].
    pub async fn run(self) -> Result<(), ServeError> {
        let env = PluginEnv::read(&self.handshake, |name| std::env::var_os(name))
            .map_err(ServeError::from_env)?;
        remember_cookie(self.handshake.cookie_key());

        let served = self.sets.keys().copied().collect();
        let version = negotiate(env.versions.as_deref(), &served).ok_or(ServeError::NoPlugins)?;
        let accepted: BTreeSet<_> = env.versions.iter().flatten().copied().collect();
        let agreed = env.versions.is_none() || accepted.contains(&version);
        if !agreed {
            report_mismatch(&accepted, &served);
        }
        let plugins = &self.sets[&version];
        let transport = Arc::clone(self.transports.choose(env.transports.as_deref()));

        let (security, certificate) =
            security::for_plugin(env.client_cert.as_deref(), self.provider).await?;
        let net = Net::new(
            network(self.network, &env),
            security.with_alpn(transport.alpn()),
            DEFAULT_CONNECT_TIMEOUT,
            Arc::new(SameView),
        );
        let listener = net.listen().await.map_err(ServeError::Listen)?;

        let lifeline = orphan::lifeline(env.lifeline);
        let stdio = StdioSource::default();
        let tasks = Tasks::new();
        let shutdown = Shutdown::new();
        let address = listener.address().clone();
        let can_multiplex = transport.multiplexing() != Multiplexing::Never;
        let link = PluginLink {
            net,
            tasks: tasks.clone(),
            stdio: stdio.clone(),
            shutdown: shutdown.clone(),
            multiplexed: can_multiplex && env.multiplex == Some(true),
            outlives_host: lifeline == Some(Lifeline::None),
            shutdown_grace: self.shutdown_grace,
        };
        let serving = transport
            .serve(plugins, link, listener)
            .map_err(ServeError::NotOver)?;

        signals::follow(&tasks, shutdown.clone()).map_err(ServeError::Signals)?;
        let hearing = Hearing::of(&env, self.keep_stdio);
        let timeout = self.orphan_timeout;
        orphan::watch(lifeline, shutdown.clone(), timeout, hearing.at_end())
            .map_err(ServeError::Orphan)?;
        if let Some(until) = self.until {
            let shutdown = shutdown.clone();
            tasks.spawn(async move {
                until.await;
                shutdown.trigger();
            });
        }
        let mut outputs = Outputs::take(&stdio, hearing).map_err(ServeError::Stdio)?;
        let protocol = transport.protocol();
        let line = HandshakeLine {
            core_version: CORE_VERSION,
            app_version: version,
            address,
            protocol,
            certificate,
            multiplex: env.multiplex.is_some().then_some(can_multiplex),
        };
        outputs.say(&line).map_err(ServeError::Line)?;
        if !agreed {
            // Nobody will connect, and a Go host kills us before we could tidy up.
            remove_socket(&line.address);
        }

        let ending = async {
            shutdown.wait().await;
            // From here on nothing more is captured, so the host hears the end of it.
            outputs.restore();
        };
        let (served, ()) = tokio::join!(
            async {
                let served = serving.await;
                shutdown.trigger();
                served
            },
            ending
        );
        tasks.finish().await;
        served.map_err(ServeError::Transport)
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("handshake", &self.handshake)
            .field("sets", &self.sets)
            .finish_non_exhaustive()
    }
}

/// Removes a socket's file while the socket itself lives on.
fn remove_socket(address: &Address) {
    if let Address::Unix(path) = address {
        let _ = std::fs::remove_file(path);
    }
}

/// Says in the log which versions are served: the handshake line has room for one only.
fn report_mismatch(accepted: &BTreeSet<ProtocolVersion>, served: &BTreeSet<ProtocolVersion>) {
    let line = format!(
        "[ERROR] no common protocol version: the host accepts {}; this plugin serves {}\n",
        listed(accepted),
        listed(served),
    );
    // That it fails means that nobody reads the log.
    let _ = LogStderr.write_all(line.as_bytes());
}

fn network(tcp: Option<Tcp>, env: &PluginEnv) -> Network {
    let ports: RangeInclusive<u16> = env.ports.clone();
    match tcp {
        Some(Tcp) => Network::Tcp { ports },
        None if cfg!(not(unix)) => Network::Tcp { ports },
        None => Network::Unix {
            dir: env.socket_dir.clone().unwrap_or_else(std::env::temp_dir),
            group: env.socket_group.clone(),
        },
    }
}
