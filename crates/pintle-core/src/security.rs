//! Whether and how a session's connections are encrypted: the one place that
//! knows the `mtls` feature.

mod keys;

use std::fmt;

use crate::error::BoxError;
use crate::net::{NetError, Stream};

pub(crate) use keys::Keys;

#[cfg(feature = "mtls")]
use pintle_mtls::{Certificate, Curve, Identity, Tls};

/// What a host's user chose.
#[derive(Clone, Debug)]
pub(crate) enum Policy {
    /// AutoMTLS: both sides make a one-time identity and accept only the other's.
    #[cfg_attr(
        not(feature = "mtls"),
        allow(dead_code, reason = "told apart from plaintext")
    )]
    Auto {
        #[cfg(feature = "mtls")]
        curve: Curve,
    },
    /// Certificates the user brought.
    #[cfg(feature = "mtls")]
    Provided(Tls),
    /// None, by the user's word.
    Plaintext,
}

impl Default for Policy {
    fn default() -> Self {
        Self::Auto {
            #[cfg(feature = "mtls")]
            curve: Curve::default(),
        }
    }
}

/// A host's half of the agreement, made before the plugin is started.
pub(crate) enum Offer {
    #[cfg(feature = "mtls")]
    Auto(Identity),
    #[cfg(feature = "mtls")]
    Provided(Tls),
    Plaintext,
}

impl Policy {
    /// Makes the host's half; for AutoMTLS, a key and its certificate.
    pub(crate) async fn offer(&self) -> Result<Offer, SecurityError> {
        match self {
            #[cfg(feature = "mtls")]
            Self::Auto { curve } => generate(*curve).await.map(Offer::Auto),
            #[cfg(not(feature = "mtls"))]
            Self::Auto {} => Err(SecurityError::NotBuilt),
            #[cfg(feature = "mtls")]
            Self::Provided(tls) => Ok(Offer::Provided(tls.clone())),
            Self::Plaintext => Ok(Offer::Plaintext),
        }
    }

    /// How to speak to a plugin that an earlier host left with these keys. Keys are always used;
    /// there is no silent way to do without.
    pub(crate) fn resume(&self, keys: Option<&Keys>) -> Result<Security, SecurityError> {
        match (self, keys) {
            #[cfg(feature = "mtls")]
            (Self::Provided(tls), None) => Ok(Security::Tls(tls.clone())),
            (_, Some(keys)) => keys.security(),
            (Self::Plaintext, None) => Ok(Security::Plain),
            (Self::Auto { .. }, None) => Err(SecurityError::Missing),
        }
    }
}

impl Offer {
    /// The host's certificate for the plugin's environment, in PEM.
    pub(crate) fn certificate(&self) -> Option<String> {
        match self {
            #[cfg(feature = "mtls")]
            Self::Auto(identity) => Some(identity.certificate().to_pem()),
            #[cfg(feature = "mtls")]
            Self::Provided(_) => None,
            Self::Plaintext => None,
        }
    }

    /// Completes the agreement with what the plugin's handshake line said.
    ///
    /// The keys are what was agreed on by AutoMTLS.
    pub(crate) fn settle(
        self,
        certificate: Option<&str>,
    ) -> Result<(Security, Option<Keys>), SecurityError> {
        match (self, certificate) {
            #[cfg(feature = "mtls")]
            (Self::Auto(identity), Some(text)) => {
                let peer = Certificate::from_line(text)
                    .map_err(|error| SecurityError::Malformed(error.into()))?;
                let tls = Tls::auto(&identity, peer.clone());
                Ok((Security::Tls(tls), Some(Keys::new(identity, peer))))
            }
            #[cfg(feature = "mtls")]
            (Self::Auto(_), None) => Err(SecurityError::Missing),
            #[cfg(feature = "mtls")]
            (Self::Provided(tls), None) => Ok((Security::Tls(tls), None)),
            (Self::Plaintext, None) => Ok((Security::Plain, None)),
            #[cfg(feature = "mtls")]
            (Self::Provided(_), Some(_)) => Err(SecurityError::Unexpected),
            (Self::Plaintext, Some(_)) => Err(SecurityError::Unexpected),
        }
    }
}

/// A plugin's own certificates: called once, before the plugin listens.
pub(crate) struct Provider(ProviderFn);

#[cfg(feature = "mtls")]
type ProviderFn = Box<dyn FnOnce() -> Result<Tls, BoxError> + Send>;
#[cfg(not(feature = "mtls"))]
type ProviderFn = std::convert::Infallible;

#[cfg(feature = "mtls")]
impl Provider {
    pub(crate) fn new(provide: impl FnOnce() -> Result<Tls, BoxError> + Send + 'static) -> Self {
        Self(Box::new(provide))
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}

/// The plugin's side of the agreement: how it is secured, and the certificate
/// for its handshake line.
///
/// A provider wins over the host's wish for AutoMTLS, as in go-plugin. No
/// certificate is ever sent to a host that sent none: it would crash old Go hosts.
pub(crate) async fn for_plugin(
    host_certificate: Option<&str>,
    provider: Option<Provider>,
) -> Result<(Security, Option<String>), SecurityError> {
    #[cfg(feature = "mtls")]
    {
        if let Some(Provider(provide)) = provider {
            let tls = provide().map_err(SecurityError::Provider)?;
            return Ok((Security::Tls(tls), None));
        }
        let Some(pem) = host_certificate else {
            return Ok((Security::Plain, None));
        };
        let host =
            Certificate::from_pem(pem).map_err(|error| SecurityError::Malformed(error.into()))?;
        let identity = generate(Curve::default()).await?;
        let tls = Tls::auto(&identity, host);
        Ok((Security::Tls(tls), Some(identity.certificate().to_line())))
    }
    #[cfg(not(feature = "mtls"))]
    {
        if let Some(Provider(never)) = provider {
            match never {}
        }
        match host_certificate {
            Some(_) => Err(SecurityError::NotBuilt),
            None => Ok((Security::Plain, None)),
        }
    }
}

/// The default curve is done sooner than a thread is started; the others gather entropy first.
#[cfg(feature = "mtls")]
async fn generate(curve: Curve) -> Result<Identity, SecurityError> {
    let generated = match curve {
        Curve::P256 => Identity::generate(curve),
        _ => tokio::task::spawn_blocking(move || Identity::generate(curve))
            .await
            .map_err(|error| SecurityError::Identity(error.into()))?,
    };
    generated.map_err(|error| SecurityError::Identity(error.into()))
}

/// How every connection of one session is secured.
#[derive(Clone, Debug)]
pub(crate) enum Security {
    Plain,
    #[cfg(feature = "mtls")]
    Tls(Tls),
}

impl Security {
    pub(crate) fn with_alpn(self, alpn: &[&[u8]]) -> Self {
        match self {
            #[cfg(feature = "mtls")]
            Self::Tls(tls) => Self::Tls(tls.with_alpn(alpn)),
            Self::Plain => {
                let _ = alpn;
                self
            }
        }
    }

    pub(crate) async fn connect(&self, stream: Stream) -> Result<Stream, NetError> {
        match self {
            #[cfg(feature = "mtls")]
            Self::Tls(tls) => tls
                .connect(stream)
                .await
                .map(Stream::new)
                .map_err(NetError::Tls),
            Self::Plain => Ok(stream),
        }
    }

    pub(crate) async fn accept(&self, stream: Stream) -> Result<Stream, NetError> {
        match self {
            #[cfg(feature = "mtls")]
            Self::Tls(tls) => tls
                .accept(stream)
                .await
                .map(Stream::new)
                .map_err(NetError::Tls),
            Self::Plain => Ok(stream),
        }
    }
}

/// Why two sides could not agree on TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecurityError {
    #[error("the plugin sent no certificate")]
    #[cfg_attr(
        not(feature = "mtls"),
        allow(dead_code, reason = "only AutoMTLS wants one")
    )]
    Missing,
    #[error("the plugin sent a certificate that nobody asked for")]
    Unexpected,
    #[error("the peer's certificate is malformed")]
    #[cfg_attr(
        not(feature = "mtls"),
        allow(dead_code, reason = "only mtls reads one")
    )]
    Malformed(#[source] BoxError),
    #[error("no one-time identity could be made")]
    #[cfg_attr(
        not(feature = "mtls"),
        allow(dead_code, reason = "only mtls makes one")
    )]
    Identity(#[source] BoxError),
    #[error("the TLS provider failed")]
    #[cfg_attr(not(feature = "mtls"), allow(dead_code, reason = "only mtls has one"))]
    Provider(#[source] BoxError),
    #[error("TLS is asked for, but pintle was built without its `mtls` feature")]
    #[cfg_attr(
        feature = "mtls",
        allow(dead_code, reason = "impossible with the feature")
    )]
    NotBuilt,
}
