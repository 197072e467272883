//! Why there is no connection.

use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::{Address, AddressError};

/// Why a connection could not be made, accepted or listened for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// Nobody answers at the address.
    #[error("could not connect to {address}")]
    Dial {
        /// Where the connection was to go.
        address: Address,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another user's process listens at the address. It is not spoken with.
    #[error("user {uid} listens at {address}, and not user {expected}")]
    Stranger {
        /// Where the connection went.
        address: Address,
        /// The number of the user whose process it is.
        uid: u32,
        /// The number of this process's user.
        expected: u32,
    },
    /// Another process listens at the address than the one to reattach to. It is not spoken with.
    #[error("another process than the one with the number {expected} listens at {address}")]
    AnotherProcess {
        /// Where the connection went.
        address: Address,
        /// The number of the process that should be there.
        expected: u32,
    },
    /// The peer was too slow.
    #[error("{what} took longer than {after:?}")]
    Timeout {
        /// What was being done.
        what: &'static str,
        /// The bound that passed.
        after: Duration,
    },
    /// The TLS handshake failed.
    #[cfg(feature = "mtls")]
    #[error("the TLS handshake failed")]
    Tls(#[source] pintle_mtls::TlsError),
    /// An address is not one, or a unix socket's path is too long.
    #[error(transparent)]
    Address(AddressError),
    /// No socket could be made in the directory for sockets.
    #[error("no socket could be made in `{}`", dir.display())]
    Bind {
        /// The directory.
        dir: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The socket could not be shared with the group asked for.
    #[error("the socket could not be given to the group `{group}`")]
    Group {
        /// The group's name or number.
        group: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Every port of the range is taken.
    #[error("no free port from {} to {}", ports.start(), ports.end())]
    NoFreePort {
        /// The range that was tried.
        ports: RangeInclusive<u16>,
    },
    /// This platform has no unix sockets.
    #[error("unix sockets are not available on this platform")]
    NoUnixSockets,
    /// The operating system refused something else.
    #[error("the operating system refused a socket operation")]
    Io(#[source] io::Error),
}

impl NetError {
    /// Tells a path that is too long, found while binding, from other failures.
    #[cfg(unix)]
    pub(super) fn bind(dir: &std::path::Path, error: io::Error) -> Self {
        match error.downcast::<AddressError>() {
            Ok(error) => Self::Address(error),
            Err(source) => Self::Bind {
                dir: dir.to_owned(),
                source,
            },
        }
    }
}
