//! What one side needs to secure every connection it makes or accepts.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::certificate::Certificate;
use crate::config::{client_config, server_config, server_name};
use crate::error::TlsError;
use crate::identity::Identity;
use crate::pin::Pin;

/// TLS in both roles, towards one peer.
///
/// A pair of processes dials both ways, so one value holds both roles. A role that was not given
/// is an error when it is needed, never an unencrypted connection. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    client: Option<Client>,
    server: Option<Arc<ServerConfig>>,
}

#[derive(Clone)]
struct Client {
    config: Arc<ClientConfig>,
    server_name: ServerName<'static>,
}

impl Tls {
    /// Mutual TLS between `identity` and the holder of `peer`'s key, and nobody else.
    ///
    /// TLS 1.2 or later, no session resumption, no ALPN until [`with_alpn`](Self::with_alpn).
    #[must_use]
    pub fn auto(identity: &Identity, peer: Certificate) -> Self {
        let pin = Arc::new(Pin::new(peer));
        Self::from_configs(
            Arc::new(client_config(identity, Arc::clone(&pin))),
            Arc::new(server_config(identity, pin)),
            server_name(),
        )
    }

    /// TLS as the caller configured it, in both roles.
    ///
    /// `server_name` is what the client role asks for and verifies. What the configurations do not
    /// check is not checked: a `server` that asks for no client certificate admits anyone.
    #[must_use]
    pub fn from_configs(
        client: Arc<ClientConfig>,
        server: Arc<ServerConfig>,
        server_name: ServerName<'static>,
    ) -> Self {
        Self {
            client: Some(Client {
                config: client,
                server_name,
            }),
            server: Some(server),
        }
    }

    /// As [`from_configs`](Self::from_configs), for a side that never accepts.
    ///
    /// [`accept`](Self::accept) fails with [`TlsError::CannotAccept`].
    #[must_use]
    pub fn client_only(client: Arc<ClientConfig>, server_name: ServerName<'static>) -> Self {
        Self {
            client: Some(Client {
                config: client,
                server_name,
            }),
            server: None,
        }
    }

    /// As [`from_configs`](Self::from_configs), for a side that never dials.
    ///
    /// [`connect`](Self::connect) fails with [`TlsError::CannotConnect`].
    #[must_use]
    pub fn server_only(server: Arc<ServerConfig>) -> Self {
        Self {
            client: None,
            server: Some(server),
        }
    }

    /// The same, offering and accepting these application protocols in either role.
    ///
    /// Replaces any list the configurations held; an empty one turns ALPN off. A peer that offers
    /// others only is refused with [`TlsError::NoCommonProtocol`]; one that offers none is let in.
    #[must_use]
    pub fn with_alpn(mut self, protocols: &[&[u8]]) -> Self {
        let protocols: Vec<Vec<u8>> = protocols.iter().map(|name| name.to_vec()).collect();
        if let Some(client) = &mut self.client {
            Arc::make_mut(&mut client.config)
                .alpn_protocols
                .clone_from(&protocols);
        }
        if let Some(server) = &mut self.server {
            Arc::make_mut(server).alpn_protocols = protocols;
        }
        self
    }

    /// Performs the handshake on `io` as the side that dialled.
    ///
    /// There is no deadline here; a silent peer is waited for until the caller stops.
    ///
    /// On TLS 1.3 this returns before the peer has judged *our* certificate. Its refusal arrives
    /// with the first read, as an [`io::Error`](std::io::Error) that [`TlsError::from`] can name.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops `io`, and with it the half-made connection; nothing else is lost.
    /// It cannot be resumed: start again on a new connection.
    ///
    /// # Errors
    ///
    /// [`TlsError::CannotConnect`] without a client configuration; otherwise the variant that
    /// names what the peer did.
    pub async fn connect<IO>(&self, io: IO) -> Result<TlsStream<IO>, TlsError>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let Client {
            config,
            server_name,
        } = self.client.clone().ok_or(TlsError::CannotConnect)?;
        Ok(TlsConnector::from(config)
            .connect(server_name, io)
            .await?
            .into())
    }

    /// Performs the handshake on `io` as the side that was dialled.
    ///
    /// There is no deadline here; a silent peer is waited for until the caller stops. Once this
    /// returns, the peer's certificate and its proof have been checked.
    ///
    /// # Cancel safety
    ///
    /// As for [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// [`TlsError::CannotAccept`] without a server configuration; otherwise the variant that
    /// names what the peer did.
    pub async fn accept<IO>(&self, io: IO) -> Result<TlsStream<IO>, TlsError>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let config = self.server.clone().ok_or(TlsError::CannotAccept)?;
        Ok(TlsAcceptor::from(config).accept(io).await?.into())
    }
}

/// Roles alone: a user's configuration may print more than they expect.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("connects", &self.client.is_some())
            .field("accepts", &self.server.is_some())
            .finish()
    }
}
