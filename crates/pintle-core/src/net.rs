//! How one side of a session makes and accepts connections.

mod address;
#[cfg(unix)]
mod buffers;
mod error;
mod explained;
#[cfg(unix)]
pub(crate) mod group;
mod listener;
mod memory;
mod peer;
mod stream;

use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

pub use address::{Address, AddressError, PathTooLong};
pub use error::NetError;
pub use explained::{Explained, LostError, LostReason};
pub use listener::{Incoming, Listener};
pub(crate) use memory::Hub;
pub use stream::Stream;

use peer::Peers;
#[cfg(unix)]
use peer::Stranger;

use crate::security::Security;

/// One side's way to reach the other: dials what the peer listens on, and
/// listens where the peer can dial.
///
/// Every connection it gives is secured as the session is: there is no way to
/// get a plaintext one from a session with TLS. A clone is another handle.
#[derive(Clone, Debug)]
pub struct Net {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    network: Network,
    peers: Peers,
    security: Security,
    timeout: Duration,
    translation: Arc<dyn Translate>,
}

impl Net {
    pub(crate) fn new(
        network: Network,
        security: Security,
        timeout: Duration,
        translation: Arc<dyn Translate>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                peers: Peers::on(&network, &*translation),
                network,
                security,
                timeout,
                translation,
            }),
        }
    }

    /// The same, to speak over unix sockets with no other process than this one, and with those
    /// of the group it leads.
    pub(crate) fn with_process(self, process: u32) -> Self {
        let Shared {
            network,
            security,
            timeout,
            translation,
            ..
        } = &*self.shared;
        Self {
            shared: Arc::new(Shared {
                network: network.clone(),
                peers: Peers::Process(process),
                security: security.clone(),
                timeout: *timeout,
                translation: Arc::clone(translation),
            }),
        }
    }

    /// Connects to an address the peer announced, TLS handshake included.
    ///
    /// Dropping the future closes what was opened.
    ///
    /// # Errors
    /// [`NetError`] names the address and the cause; bounded by the session's connect timeout.
    pub async fn dial(&self, announced: &Address) -> Result<Stream, NetError> {
        let address = self.shared.translation.inward(announced.clone());
        let connecting = async {
            let stream = self.shared.dial(&address).await?;
            self.shared.security.connect(stream).await
        };
        let after = self.shared.timeout;
        tokio::time::timeout(after, connecting)
            .await
            .map_err(|_| NetError::Timeout {
                what: "connecting",
                after,
            })?
    }

    /// Opens a listener of its own; its [`address`](Listener::address) is the one to announce.
    ///
    /// # Errors
    /// [`NetError`] when no socket can be made where the session's sockets are.
    pub async fn listen(&self) -> Result<Listener, NetError> {
        let Shared {
            network,
            peers,
            security,
            timeout,
            translation,
        } = &*self.shared;
        let listener = Listener::bind(network, *peers, security.clone(), *timeout).await?;
        let announced = translation.outward(listener.address().clone());
        Ok(listener.announced_as(announced))
    }

    /// Connects without securing: for a multiplexer, which secures its streams
    /// one by one with [`dial_over`](Self::dial_over) and [`incoming`](Self::incoming).
    ///
    /// Nothing of the application's may be sent on it as it is. Dropping the
    /// future closes what was opened.
    ///
    /// # Errors
    /// As [`dial`](Self::dial), TLS apart.
    pub async fn dial_bare(&self, announced: &Address) -> Result<Stream, NetError> {
        let address = self.shared.translation.inward(announced.clone());
        let after = self.shared.timeout;
        tokio::time::timeout(after, self.shared.dial(&address))
            .await
            .map_err(|_| NetError::Timeout {
                what: "connecting",
                after,
            })?
    }

    /// Secures a stream that this side opened through a multiplexer.
    ///
    /// # Errors
    /// As [`dial`](Self::dial).
    pub async fn dial_over(&self, stream: Stream) -> Result<Stream, NetError> {
        let after = self.shared.timeout;
        tokio::time::timeout(after, self.shared.security.connect(stream))
            .await
            .map_err(|_| NetError::Timeout {
                what: "the TLS handshake",
                after,
            })?
    }

    /// A stream that the other side opened through a multiplexer, to be secured
    /// as if it had come from a listener.
    pub fn incoming(&self, stream: Stream) -> Incoming {
        let Shared {
            security, timeout, ..
        } = &*self.shared;
        Incoming::new(stream, security.clone(), *timeout)
    }

    /// Whether connections are encrypted and both ends identified.
    pub fn is_secure(&self) -> bool {
        !matches!(self.shared.security, Security::Plain)
    }
}

/// Where a side's own listeners are made.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    #[cfg_attr(
        not(unix),
        allow(dead_code, reason = "where it would be is part of the wish")
    )]
    Unix {
        dir: PathBuf,
        group: Option<String>,
    },
    Tcp {
        ports: RangeInclusive<u16>,
    },
    Memory(Arc<Hub>),
}

/// How addresses look from the other side, where host and plugin do not share
/// a file system or a network: a container, a sandbox, another machine.
///
/// The default says that both sides see the same.
pub trait Translate: fmt::Debug + Send + Sync {
    /// An address the peer announced, as this side reaches it.
    fn inward(&self, announced: Address) -> Address {
        announced
    }

    /// An address this side listens on, as the peer reaches it.
    fn outward(&self, own: Address) -> Address {
        own
    }

    /// Whether the peer may run as another user than this process, as in a container that has users
    /// of its own; no by default.
    ///
    /// A connection over a unix socket with another user's process is refused otherwise, unless
    /// either side is root or a [socket group](crate::Host::socket_group) is to let others in. If it
    /// is not refused, whoever may open the socket's file is spoken with.
    fn peer_may_be_another_user(&self) -> bool {
        false
    }
}

/// Both sides see the same addresses.
#[derive(Clone, Copy, Debug, Default)]
pub struct SameView;

impl Translate for SameView {}

/// Removes the socket's file that a process left behind when it was killed.
///
/// Only one that nobody listens on any more: the address is the plugin's word,
/// and must not be a way to have the host remove anything else.
pub(crate) async fn remove_stale(address: &Address) {
    #[cfg(unix)]
    if let Address::Unix(path) = address {
        use std::os::unix::fs::FileTypeExt;
        let is_socket = std::fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
        if is_socket
            && let Err(error) = UnixStream::connect(path).await
            && error.kind() == io::ErrorKind::ConnectionRefused
        {
            let _ = std::fs::remove_file(path);
        }
    }
    #[cfg(not(unix))]
    let _ = address;
}

impl Shared {
    async fn dial(&self, address: &Address) -> Result<Stream, NetError> {
        let failed = |source| NetError::Dial {
            address: address.clone(),
            source,
        };
        #[cfg(unix)]
        if let Address::Unix(path) = address {
            let stream = UnixStream::connect(path).await.map_err(failed)?;
            let looked = self.peers.look(&stream).map_err(failed)?;
            return match looked {
                Ok(()) => {
                    buffers::widen(&stream);
                    Ok(Stream::new(stream))
                }
                Err(Stranger::User { uid, expected }) => Err(NetError::Stranger {
                    address: address.clone(),
                    uid,
                    expected,
                }),
                Err(Stranger::Process { expected }) => Err(NetError::AnotherProcess {
                    address: address.clone(),
                    expected,
                }),
            };
        }
        dial(address, &self.network).await.map_err(failed)
    }
}

/// Connects to what is no unix socket.
async fn dial(address: &Address, network: &Network) -> io::Result<Stream> {
    match address {
        Address::Memory(number) => match network {
            Network::Memory(hub) => hub.dial(*number).await,
            // Only a session within one process has such listeners.
            _ => Err(io::ErrorKind::Unsupported.into()),
        },
        Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Stream::new(stream))
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_socket_that_nobody_listens_on_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name| dir.path().join(name);
        let live = tokio::net::UnixListener::bind(path("live")).unwrap();
        drop(std::os::unix::net::UnixListener::bind(path("stale")).unwrap());
        std::fs::write(path("file"), "precious").unwrap();
        for name in ["live", "stale", "file", "missing"] {
            remove_stale(&Address::unix(path(name)).unwrap()).await;
        }
        assert!(path("live").exists() && path("file").exists());
        assert!(!path("stale").exists());
        drop(live);
    }
}
