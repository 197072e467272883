//! Why a launch failed, told so that the reader can act.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::handshake::{LineError, Protocol, VersionMismatch};
use crate::net::{AddressError, NetError, PathTooLong};
use crate::runner::{Exit, StartError};

/// Any error, as transports give them.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A plugin could not be launched, or reattached to: which program, why, and its last words.
///
/// `Display` is one line; [`report`](Self::report) is the whole story for a
/// person, causes, hint and last stderr lines included. `Debug` prints the
/// report too, so that a `main` that returns this error shows it.
pub struct LaunchError {
    inner: Box<Inner>,
}

struct Inner {
    /// What was to be done to the program.
    task: &'static str,
    program: String,
    failure: LaunchFailure,
    exit: Option<Exit>,
    stderr: Vec<String>,
    diagnosis: Option<String>,
}

impl LaunchError {
    pub(crate) fn new(
        program: String,
        failure: LaunchFailure,
        exit: Option<Exit>,
        stderr: Vec<String>,
    ) -> Self {
        Self {
            inner: Box::new(Inner {
                task: "launch",
                program,
                failure,
                exit,
                stderr,
                diagnosis: None,
            }),
        }
    }

    /// The same, of a plugin that was running before.
    pub(crate) fn reattaching(mut self) -> Self {
        self.inner.task = "reattach to";
        self
    }

    /// With what the runner knows of it.
    pub(crate) fn diagnosed(mut self, diagnosis: Option<String>) -> Self {
        self.inner.diagnosis = diagnosis;
        self
    }

    /// The program that was to be launched.
    pub fn program(&self) -> &str {
        &self.inner.program
    }

    /// What went wrong.
    pub fn failure(&self) -> &LaunchFailure {
        &self.inner.failure
    }

    /// How the process ended, if it ended by itself before the launch failed.
    pub fn exit(&self) -> Option<Exit> {
        self.inner.exit
    }

    /// The last lines the plugin wrote to its stderr, oldest first.
    pub fn stderr(&self) -> &[String] {
        &self.inner.stderr
    }

    /// What the [runner](crate::Process::diagnose) knows of it, if anything: one line of bounded
    /// length.
    pub fn diagnosis(&self) -> Option<&str> {
        self.inner.diagnosis.as_deref()
    }

    /// The whole story over several lines: the failure, its causes, what the runner knows, what to
    /// do, and the plugin's last stderr lines.
    pub fn report(&self) -> impl fmt::Display + '_ {
        Report(self)
    }
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { task, program, .. } = &*self.inner;
        write!(f, "could not {task} plugin `{program}`")
    }
}

impl fmt::Debug for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.report())
    }
}

impl std::error::Error for LaunchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.inner.failure)
    }
}

struct Report<'a>(&'a LaunchError);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            failure,
            exit,
            stderr,
            diagnosis,
            ..
        } = &*self.0.inner;
        write!(f, "{}: {failure}", self.0)?;
        let mut cause = std::error::Error::source(failure);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        if let (Some(exit), false) = (exit, failure.names_exit()) {
            write!(f, "\n  the plugin ended: {exit}")?;
        }
        if let Some(diagnosis) = diagnosis {
            write!(f, "\n  its runner says: {diagnosis}")?;
        }
        if let Some(hint) = failure.hint(stderr.is_empty()) {
            write!(f, "\n  hint: {hint}")?;
        }
        if !stderr.is_empty() {
            write!(f, "\n  its last stderr lines:")?;
            for line in stderr {
                write!(f, "\n    {line}")?;
            }
        }
        Ok(())
    }
}

/// What went wrong in a launch, sorted by who can mend it: the operator first,
/// then the plugin's author, then the host's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchFailure {
    /// The process could not be started.
    #[error(transparent)]
    Start(StartError),
    /// The session's directory for sockets could not be made.
    #[error("no directory for sockets could be made")]
    SocketDir(#[source] io::Error),
    /// The process to reattach to has ended.
    #[error("its process has ended")]
    Gone,
    /// The number of the process to reattach to is another process's now.
    #[error("its process has ended, and another one has its number now")]
    Replaced,
    /// The process to reattach to cannot be looked at, or its end not be waited for: of the process
    /// that says nothing.
    #[error("its process cannot be watched")]
    Unwatched(#[source] io::Error),
    /// The token has no keys, and the host requires mutual TLS.
    #[error("its token has no keys for mutual TLS, and this host requires it")]
    KeysMissing,
    /// A socket's path does not fit into a socket address.
    #[error(transparent)]
    PathTooLong(PathTooLong),
    /// The process ended before it said its handshake line.
    #[error("it ended before the handshake: {exit}{}", quoted("; it printed ", .printed))]
    ExitedEarly {
        /// How it ended.
        exit: Exit,
        /// What it printed to stdout instead of a handshake line, bounded.
        printed: Option<String>,
    },
    /// The runner did not start the process in time.
    #[error("it was not started within {timeout:?}")]
    StartTimeout {
        /// The host's start timeout.
        timeout: Duration,
    },
    /// The process printed no handshake line in time.
    #[error("it printed no handshake line within {timeout:?}{}", quoted(", only ", .printed))]
    NoHandshake {
        /// The host's start timeout.
        timeout: Duration,
        /// What it printed to stdout instead, bounded.
        printed: Option<String>,
    },
    /// The process closed its stdout without a handshake line, and lives on.
    #[error("it closed its stdout without a handshake line{}", quoted("; it printed ", .printed))]
    StdoutClosed {
        /// What it printed to stdout instead, bounded.
        printed: Option<String>,
    },
    /// The process printed too much before a handshake line.
    #[error(
        "it printed more than {limit_bytes} bytes without a handshake line, beginning with \"{printed}\""
    )]
    Garbage {
        /// How much is tolerated.
        limit_bytes: usize,
        /// The beginning of what it printed, escaped.
        printed: String,
    },
    /// The handshake line is not one that this host understands.
    #[error("its handshake line cannot be used")]
    Line(#[source] LineError),
    /// Host and plugin have no version of the application's protocol in common.
    #[error(transparent)]
    Version(VersionMismatch),
    /// The plugin speaks a transport that this host does not offer.
    #[error("it speaks `{found}`, and this host offers {}", words(.offered))]
    Protocol {
        /// The word on the plugin's handshake line.
        found: Protocol,
        /// What the host offers, most preferred first.
        offered: Vec<Protocol>,
    },
    /// The host wants everything on one connection and the plugin cannot.
    #[error("it does not put everything on one connection, and this host requires it")]
    Multiplexing,
    /// The host wants AutoMTLS and the plugin sent no certificate.
    #[error("it sent no certificate, and this host requires mutual TLS")]
    CertificateMissing,
    /// The plugin's certificate is not a certificate.
    #[error("the certificate on its handshake line is malformed")]
    CertificateMalformed(#[source] BoxError),
    /// The plugin sent a certificate that the host did not ask for.
    #[error("it sent a certificate, and this host did not ask for one")]
    CertificateUnexpected,
    /// The process said its handshake line, and ended before the connection was made.
    #[error("it ended before the connection to it was made: {exit}")]
    ExitedUnconnected {
        /// How it ended.
        exit: Exit,
    },
    /// The connection to the plugin could not be made.
    #[error("the connection to it could not be made")]
    Connect(#[source] BoxError),
    /// The connection could not be made in time.
    #[error("the connection to it could not be made within {timeout:?}")]
    ConnectTimeout {
        /// The host's connect timeout.
        timeout: Duration,
    },
    /// TLS is on, and pintle was built without its `mtls` feature.
    #[error("mutual TLS is on by default, but pintle was built without its `mtls` feature")]
    TlsNotBuilt,
    /// No one-time identity could be made for AutoMTLS.
    #[error("no one-time identity could be made")]
    Identity(#[source] BoxError),
}

impl LaunchFailure {
    /// What to do about it, where that is known; `silent` if the plugin has not
    /// said anything itself.
    fn hint(&self, silent: bool) -> Option<&'static str> {
        Some(match self {
            Self::Start(error) => return error.hint(),
            Self::SocketDir(_) => {
                "does the directory of Host::socket_dir (or TMPDIR) exist, and may the host write there?"
            }
            Self::Gone | Self::Replaced => "the token is stale: launch the plugin anew",
            Self::KeysMissing => {
                "the plugin serves without TLS; Host::plaintext allows it, unencrypted and open to \
                 every process of the same user"
            }
            Self::PathTooLong(_) => "choose a shorter directory with Host::socket_dir (or TMPDIR)",
            // One that said something knows better what it lacks.
            Self::ExitedEarly {
                exit: Exit::Code(_),
                ..
            } if silent => "is the program a plugin, and is its magic cookie the host's?",
            Self::StartTimeout { .. } => {
                "what starts it waits for something: a disk or a container engine that does not answer? \
                 Host::start_timeout allows it more time"
            }
            Self::NoHandshake { .. } => {
                "is the program a plugin? a slow start can be allowed with Host::start_timeout"
            }
            Self::Garbage { .. } | Self::StdoutClosed { .. } => {
                "a plugin prints its handshake line before anything else: is the program a plugin?"
            }
            Self::Protocol { found, .. } if *found == Protocol::NETRPC => {
                "`netrpc` is Go's net/rpc with gob, which only Go speaks: let the plugin serve gRPC"
            }
            Self::Version(error) if error.offered.last() < Some(&error.found) => {
                "the plugin is newer than this host: update the host"
            }
            Self::Version(_) => {
                "let the plugin serve a version that the host accepts, or update it"
            }
            Self::Protocol { .. } => {
                "give that transport to `launch`, too, or let the plugin serve one that is given"
            }
            Self::Multiplexing => {
                "leave the host's transport unmultiplexed, or rebuild the plugin with a library \
                 that knows PLUGIN_MULTIPLEX_GRPC (go-plugin 1.6 or later)"
            }
            Self::CertificateMissing => {
                "the plugin does not support AutoMTLS; Host::plaintext allows it, unencrypted and \
                 open to every process of the same user"
            }
            Self::CertificateMalformed(_) => {
                "it must be one certificate, as unpadded standard base64 of DER: the plugin's library is at fault"
            }
            Self::CertificateUnexpected => {
                "leave AutoMTLS on (remove Host::plaintext), or let the plugin not make one"
            }
            Self::ConnectTimeout { .. } => {
                "it printed its handshake line and does not answer; Host::connect_timeout allows it more time"
            }
            Self::TlsNotBuilt => "enable the feature, or say Host::plaintext",
            _ => return None,
        })
    }

    fn names_exit(&self) -> bool {
        matches!(
            self,
            Self::ExitedEarly { .. } | Self::ExitedUnconnected { .. }
        )
    }
}

impl From<NetError> for LaunchFailure {
    fn from(error: NetError) -> Self {
        match error {
            NetError::Address(AddressError::PathTooLong(error)) => Self::PathTooLong(error),
            error => Self::Connect(error.into()),
        }
    }
}

fn quoted(introduction: &str, text: &Option<String>) -> String {
    text.as_ref()
        .map(|text| format!("{introduction}\"{text}\""))
        .unwrap_or_default()
}

fn words(protocols: &[Protocol]) -> String {
    let words: Vec<_> = protocols.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
