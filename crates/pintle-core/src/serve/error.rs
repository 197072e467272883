use std::fmt;
use std::io;

use crate::error::BoxError;
use crate::handshake::env::EnvError;
use crate::net::NetError;
use crate::plugin::NotOver;
use crate::security::SecurityError;

/// Why a plugin could not be served. `Debug` prints what `Display` does, with
/// its causes, so that a `main` that returns this error shows it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The program was started by a person, or by a host with another magic cookie.
    #[error(
        "this program is a plugin: it extends another program and is not run by hand.\n\
         The program it extends starts it and shakes hands with it ({cookie_key} is not set\n\
         as that program would set it)."
    )]
    NoHost {
        /// The environment variable that a host sets.
        cookie_key: &'static str,
    },
    /// A variable the host set cannot be understood.
    #[error("the environment the host set cannot be understood")]
    Environment(#[source] EnvError),
    /// No plugin is offered.
    #[error("no plugin is offered: add one with Serve::plugin")]
    NoPlugins,
    /// A plugin does not work over the transport agreed on.
    #[error(transparent)]
    NotOver(NotOver),
    /// The host's certificate is not one.
    #[error("the host's certificate is malformed")]
    HostCertificate(#[source] BoxError),
    /// The plugin's own certificates could not be had.
    #[error("no certificate could be made for this plugin")]
    Identity(#[source] BoxError),
    /// The host wants TLS, and pintle was built without its `mtls` feature.
    #[error(
        "the host requires mutual TLS, and this plugin was built without pintle's `mtls` feature"
    )]
    TlsNotBuilt,
    /// No socket could be made to listen on.
    #[error("the plugin could not listen")]
    Listen(#[source] NetError),
    /// Signals could not be followed.
    #[error("signals could not be followed")]
    Signals(#[source] io::Error),
    /// It could not be seen to that the plugin ends with its host.
    #[error("the host's end could not be watched for")]
    Orphan(#[source] io::Error),
    /// Stdout and stderr could not be captured.
    #[error("stdout and stderr could not be captured")]
    Stdio(#[source] io::Error),
    /// The handshake line could not be printed.
    #[error("the handshake line could not be printed: the host is gone")]
    Line(#[source] io::Error),
    /// The transport failed.
    #[error("serving failed")]
    Transport(#[source] BoxError),
}

impl ServeError {
    pub(super) fn from_env(error: EnvError) -> Self {
        match error {
            EnvError::Cookie { key } => Self::NoHost { cookie_key: key },
            error => Self::Environment(error),
        }
    }
}

impl From<SecurityError> for ServeError {
    fn from(error: SecurityError) -> Self {
        match error {
            SecurityError::NotBuilt => Self::TlsNotBuilt,
            SecurityError::Malformed(source) => Self::HostCertificate(source),
            SecurityError::Identity(source) | SecurityError::Provider(source) => {
                Self::Identity(source)
            }
            error @ (SecurityError::Missing | SecurityError::Unexpected) => {
                Self::HostCertificate(error.into())
            }
        }
    }
}

impl fmt::Debug for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
