use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::{UnixListener, UnixSocket};

use super::memory::{Hub, MemoryListener};
use super::peer::Peers;
use super::{Address, NetError, Network, Stream};
use crate::security::Security;

/// How many connections wait to be accepted before further ones are refused.
#[cfg(unix)]
const BACKLOG: u32 = 1024;

/// A place where the peer can connect; closed, and its socket file removed, when dropped.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    peers: Peers,
    address: Address,
    security: Security,
    handshake_timeout: Duration,
}

impl Listener {
    pub(super) async fn bind(
        network: &Network,
        peers: Peers,
        security: Security,
        handshake_timeout: Duration,
    ) -> Result<Self, NetError> {
        let (socket, address) = match network {
            #[cfg(unix)]
            Network::Unix { dir, group } => bind_unix(dir, group.as_deref())?,
            #[cfg(not(unix))]
            Network::Unix { .. } => return Err(NetError::NoUnixSockets),
            Network::Tcp { ports } => bind_tcp(ports.clone()).await?,
            Network::Memory(hub) => {
                let (listener, number) = Hub::listen(hub);
                (Socket::Memory(listener), Address::Memory(number))
            }
        };
        Ok(Self {
            socket,
            peers,
            address,
            security,
            handshake_timeout,
        })
    }

    /// Where the peer connects to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Says that the peer reaches this listener by another address than its own.
    pub(super) fn announced_as(mut self, address: Address) -> Self {
        self.address = address;
        self
    }

    /// Waits for the next connection. Cancel-safe.
    ///
    /// A connection that fails before it is accepted, or a shortage of
    /// descriptors, is waited out: the next connection may well succeed. One of
    /// another user's process is closed, and said so in the log.
    pub async fn accept(&self) -> Incoming {
        let mut pause = Duration::from_millis(5);
        loop {
            match self.socket.accept(self.peers).await {
                Ok(None) => {}
                Ok(Some(stream)) => {
                    let security = self.security.clone();
                    return Incoming::new(stream, security, self.handshake_timeout);
                }
                Err(error) => {
                    tracing::warn!(%error, address = %self.address, "accepting a connection failed");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
            }
        }
    }
}

/// A connection that has been accepted but not yet secured.
///
/// The two are apart so that one slow peer does not keep others from connecting.
#[derive(Debug)]
pub struct Incoming {
    stream: Stream,
    security: Security,
    timeout: Duration,
}

impl Incoming {
    pub(super) fn new(stream: Stream, security: Security, timeout: Duration) -> Self {
        Self {
            stream,
            security,
            timeout,
        }
    }

    /// The connection without TLS: for a multiplexer, which secures its streams
    /// one by one with [`Net::dial_over`](crate::Net::dial_over) and
    /// [`Net::incoming`](crate::Net::incoming).
    ///
    /// Nothing of the application's may be sent on it as it is.
    pub fn into_bare(self) -> Stream {
        self.stream
    }

    /// Performs the TLS handshake, if the session has TLS. Not cancel-safe: dropping it drops the connection.
    ///
    /// # Errors
    /// [`NetError::Timeout`] when the peer is too slow; with the feature `mtls`, `NetError::Tls`
    /// when it is not the one expected.
    pub async fn secure(self) -> Result<Stream, NetError> {
        let Self {
            stream,
            security,
            timeout,
        } = self;
        tokio::time::timeout(timeout, security.accept(stream))
            .await
            .map_err(|_| NetError::Timeout {
                what: "the TLS handshake",
                after: timeout,
            })?
    }
}

#[derive(Debug)]
enum Socket {
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        _file: SocketFile,
    },
    Tcp(TcpListener),
    Memory(MemoryListener),
}

impl Socket {
    /// The next connection; none, if it is not one of `peers`.
    async fn accept(&self, peers: Peers) -> io::Result<Option<Stream>> {
        #[cfg(not(unix))]
        let _ = peers;
        match self {
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                if let Err(stranger) = peers.look(&stream)? {
                    tracing::warn!(?stranger, "a connection of a stranger was refused");
                    return Ok(None);
                }
                super::buffers::widen(&stream);
                Ok(Some(Stream::new(stream)))
            }
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Some(Stream::new(stream)))
            }
            Self::Memory(listener) => Ok(Some(listener.accept().await)),
        }
    }
}

/// Removes the socket's file when the listener goes.
#[cfg(unix)]
#[derive(Debug)]
struct SocketFile(PathBuf);

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
fn bind_unix(dir: &Path, group: Option<&str>) -> Result<(Socket, Address), NetError> {
    // The kernel picks no free name for a unix socket, so we do; a clash is
    // tried again with another name by the temporary-file library.
    let bound = tempfile::Builder::new()
        .prefix("pintle")
        .rand_bytes(8)
        .disable_cleanup(true)
        .make_in(dir, |path| {
            Address::unix(path).map_err(io::Error::other)?;
            listen_privately(path)
        })
        .map_err(|error| NetError::bind(dir, error))?;
    let path = bound.path().to_owned();
    let (listener, _) = bound.into_parts();
    let file = SocketFile(path.clone());
    if let Some(group) = group {
        super::group::share(&path, group)?;
    }
    let address = Address::unix(&path).map_err(NetError::Address)?;
    Ok((
        Socket::Unix {
            listener,
            _file: file,
        },
        address,
    ))
}

/// Only its owner may connect, whatever the mask of permissions is: a directory need not be private.
#[cfg(unix)]
fn listen_privately(path: &Path) -> io::Result<UnixListener> {
    let socket = UnixSocket::new_stream()?;
    // Linux gives the file the permissions of the socket, so that it never has others.
    #[cfg(target_os = "linux")]
    rustix::fs::fchmod(&socket, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
    socket.bind(path)?;
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(path, private)?;
    socket.listen(BACKLOG)
}

async fn bind_tcp(ports: RangeInclusive<u16>) -> Result<(Socket, Address), NetError> {
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for port in ports.clone() {
        match TcpListener::bind(SocketAddr::new(ip, port)).await {
            Ok(listener) => {
                let address = listener.local_addr().map_err(NetError::Io)?;
                return Ok((Socket::Tcp(listener), Address::Tcp(address)));
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(NetError::Io(error)),
        }
    }
    Err(NetError::NoFreePort { ports })
}
