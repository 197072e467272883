//! A host's options, and what can be launched with them.

mod agree;
mod attach;
mod command;
mod environment;
mod first_line;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod launch;
mod pipe;
mod sockets;
mod starting;
mod stderr;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use command::{Launch, PluginCommand};
pub use environment::INHERITED_ENVIRONMENT;
pub(crate) use pipe::Pipes;
pub(crate) use sockets::SocketDir;
pub use stderr::STDERR_TAIL_LINES;
pub(crate) use stderr::StderrTail;

use crate::handshake::{Handshake, ProtocolVersion};
use crate::log::LogEntry;
use crate::output::OutputTo;
use crate::runner::Runner;
use crate::security::Policy;
use crate::session::Timeouts;
use environment::Environment;

/// How long a plugin may take to be started and to say its handshake line, unless the host says otherwise.
pub const DEFAULT_START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long connecting to a plugin may take, TLS included, unless the host says otherwise.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a plugin may take to end when closed, unless the host says otherwise.
pub const DEFAULT_CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a plugin that did not end when closed may take to end after SIGTERM, unless the host
/// says otherwise.
pub const DEFAULT_TERMINATE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long is waited for a plugin that was killed to be gone, unless the host says otherwise.
pub const DEFAULT_KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// The program that launches plugins: its options, and nothing else.
///
/// Cheap to clone and reusable: one `Host` launches any number of plugins.
/// Every default is the safe choice; each is lifted by one named option.
#[derive(Clone, Debug)]
pub struct Host {
    handshake: Handshake,
    versions: BTreeSet<ProtocolVersion>,
    security: Policy,
    environment: Environment,
    start_timeout: Duration,
    connect_timeout: Duration,
    ending: Timeouts,
    stdout: OutputTo,
    stderr: OutputTo,
    logs: LogTo,
    network: NetworkChoice,
    socket_group: Option<String>,
    plugin_ports: Option<RangeInclusive<u16>>,
}

/// Where the host's own listeners are.
#[derive(Clone, Debug)]
enum NetworkChoice {
    /// Unix sockets in a fresh directory below this one, or below the system's for temporary files.
    Unix { parent: Option<PathBuf> },
    /// TCP on the loopback interface.
    Tcp { ports: RangeInclusive<u16> },
}

/// What becomes of a plugin's log.
#[derive(Clone, Default)]
enum LogTo {
    #[default]
    Tracing,
    Each(Arc<dyn Fn(&LogEntry) + Send + Sync>),
}

impl std::fmt::Debug for LogTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tracing => "Tracing",
            Self::Each(_) => "Each",
        })
    }
}

impl Host {
    /// A host that agrees with plugins by `handshake`.
    ///
    /// It accepts the handshake's protocol version, requires mutual TLS, and
    /// passes on an allow-list of its environment.
    pub fn new(handshake: Handshake) -> Self {
        Self {
            versions: BTreeSet::from([handshake.protocol_version()]),
            handshake,
            security: Policy::default(),
            environment: Environment::default(),
            start_timeout: DEFAULT_START_TIMEOUT,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            ending: Timeouts::default(),
            stdout: OutputTo::default(),
            stderr: OutputTo::default(),
            logs: LogTo::default(),
            network: NetworkChoice::Unix { parent: None },
            socket_group: None,
            plugin_ports: None,
        }
    }

    /// A program to launch as a child process, sought in `PATH` if it is a bare name.
    pub fn command(&self, program: impl Into<PathBuf>) -> PluginCommand {
        PluginCommand::new(self.clone(), program.into())
    }

    /// A plugin to launch by a runner of the user's own.
    pub fn runner(&self, runner: impl Runner) -> Launch {
        Launch::new(self.clone(), Arc::new(runner))
    }

    /// Accepts exactly these versions of the application's protocol, instead of the handshake's.
    ///
    /// The plugin chooses the newest that both have;
    /// [`Session::version`](crate::Session::version) tells which.
    ///
    /// # Panics
    /// If `versions` is empty.
    #[must_use]
    pub fn versions<V: Into<ProtocolVersion>>(
        mut self,
        versions: impl IntoIterator<Item = V>,
    ) -> Self {
        self.versions = versions.into_iter().map(Into::into).collect();
        assert!(
            !self.versions.is_empty(),
            "a host accepts at least one protocol version"
        );
        self
    }

    /// Launches without TLS.
    ///
    /// Every process of the same user can then connect to the plugin and be
    /// taken for the host. It is what a plugin without AutoMTLS needs.
    #[must_use]
    pub fn plaintext(mut self) -> Self {
        self.security = Policy::Plaintext;
        self
    }

    /// Uses certificates of the user's own, where the plugin has its own too, instead of AutoMTLS.
    #[cfg(feature = "mtls")]
    #[must_use]
    pub fn tls(mut self, tls: pintle_mtls::Tls) -> Self {
        self.security = Policy::Provided(tls);
        self
    }

    /// The curve of the one-time key for AutoMTLS; P-256 by default. The first of another curve in
    /// a process takes tens of milliseconds.
    #[cfg(feature = "mtls")]
    #[must_use]
    pub fn curve(mut self, curve: pintle_mtls::Curve) -> Self {
        self.security = Policy::Auto { curve };
        self
    }

    /// Sets a variable of the plugin's environment; it wins over an inherited one.
    ///
    /// The variables of the handshake itself cannot be set.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.set(name.into(), value.into());
        self
    }

    /// Passes on these variables of the host's environment, beside the
    /// [usual ones](crate::INHERITED_ENVIRONMENT).
    #[must_use]
    pub fn inherit_env<N: Into<OsString>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.environment.inherit(names.into_iter().map(Into::into));
        self
    }

    /// Passes on the host's whole environment, as go-plugin does by default.
    ///
    /// Whatever secret the host was given in its environment, the plugin then
    /// has too. The variables of a handshake the host itself was launched with
    /// are still kept back.
    #[must_use]
    pub fn inherit_all_env(mut self) -> Self {
        self.environment.inherit_all();
        self
    }

    /// Passes on nothing of the host's environment, not even `PATH`.
    #[must_use]
    pub fn clear_env(mut self) -> Self {
        self.environment.clear();
        self
    }

    /// How long a plugin may take to be started and to print its handshake line;
    /// [`DEFAULT_START_TIMEOUT`] by default.
    #[must_use]
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// How long each connection may take to be made, TLS included;
    /// [`DEFAULT_CONNECT_TIMEOUT`] by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a plugin may take to end once it is closed, before it is sent
    /// SIGTERM; [`DEFAULT_CLOSE_TIMEOUT`] by default.
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.ending.close = timeout;
        self
    }

    /// How long a plugin that did not end when it was closed may take to end after SIGTERM, before
    /// it is killed; [`DEFAULT_TERMINATE_TIMEOUT`] by default.
    ///
    /// Where there is no SIGTERM it is killed at once.
    #[must_use]
    pub fn terminate_timeout(mut self, timeout: Duration) -> Self {
        self.ending.terminate = timeout;
        self
    }

    /// How long is waited for a plugin that was killed to be gone; [`DEFAULT_KILL_TIMEOUT`] by
    /// default.
    ///
    /// Only a process that hangs inside the kernel, on a lost network disk for one, takes long.
    /// After that time the session ends without knowing how the process did.
    #[must_use]
    pub fn kill_timeout(mut self, timeout: Duration) -> Self {
        self.ending.kill = timeout;
        self
    }

    /// Where the plugin's stdout goes.
    #[must_use]
    pub fn stdout(mut self, to: OutputTo) -> Self {
        self.stdout = to;
        self
    }

    /// Where the plugin's stderr goes, apart from its log.
    #[must_use]
    pub fn stderr(mut self, to: OutputTo) -> Self {
        self.stderr = to;
        self
    }

    /// Gives each log entry of the plugin to `each`, instead of `tracing`.
    ///
    /// The function runs on the session's task: it must not block. If it panics, that entry is lost,
    /// and it is called with the next.
    #[must_use]
    pub fn on_log(mut self, each: impl Fn(&LogEntry) + Send + Sync + 'static) -> Self {
        self.logs = LogTo::Each(Arc::new(each));
        self
    }

    /// Makes each session's directory for sockets below `parent`, instead of
    /// below the system's directory for temporary files.
    ///
    /// A socket's path is limited to about 100 bytes by the operating system.
    #[must_use]
    pub fn socket_dir(mut self, parent: impl Into<PathBuf>) -> Self {
        self.network = NetworkChoice::Unix {
            parent: Some(parent.into()),
        };
        self
    }

    /// Lets a group (its name or number) use the plugin's sockets, for a plugin that runs as another user.
    #[must_use]
    pub fn socket_group(mut self, group: impl Into<String>) -> Self {
        self.socket_group = Some(group.into());
        self
    }

    /// Listens for the plugin's calls back on loopback TCP, at a free port of
    /// `ports`, instead of on unix sockets; and names `ports` to a plugin that
    /// listens on TCP itself.
    #[must_use]
    pub fn tcp(mut self, ports: RangeInclusive<u16>) -> Self {
        self.plugin_ports = Some(ports.clone());
        self.network = NetworkChoice::Tcp { ports };
        self
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            close: DEFAULT_CLOSE_TIMEOUT,
            terminate: DEFAULT_TERMINATE_TIMEOUT,
            kill: DEFAULT_KILL_TIMEOUT,
        }
    }
}
