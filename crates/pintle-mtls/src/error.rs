//! What can go wrong, one enum for each thing a caller attempts.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, InvalidMessage};

use crate::pin::Refusal;

/// Text that is not the encoding it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodingError {
    /// Longer than is read at all; nothing of it was looked at.
    #[error("text of {bytes} bytes exceeds the limit of {limit}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES).
        limit: usize,
    },
    /// A PEM section does not begin where it must.
    #[error("no PEM section named {label}")]
    MissingSection {
        /// The section's name.
        label: &'static str,
    },
    /// A PEM section begins and does not end: the text was probably cut short.
    #[error("the PEM section named {label} has no end")]
    UnfinishedSection {
        /// The section's name.
        label: &'static str,
    },
    /// More than was asked for.
    #[error("text after the last PEM section")]
    TrailingText,
    /// A character, a length or a padding that standard base64 does not have.
    #[error("not standard base64")]
    Base64 {
        /// Where and why.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Something that was to be a peer's certificate is not one that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The text around the certificate is wrong.
    #[error("certificate text cannot be decoded")]
    Encoding(#[from] EncodingError),
    /// The bytes are not one whole X.509 certificate.
    #[error("not an X.509 certificate")]
    NotX509 {
        /// What the parser objected to.
        source: rustls::Error,
    },
    /// A kind of key that no supported signature scheme uses.
    #[error("the certificate's key is of a kind that is not supported")]
    UnsupportedKey,
}

/// An identity could not be made or read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The saved text is wrong.
    #[error("identity text cannot be decoded")]
    Encoding(#[from] EncodingError),
    /// The certificate in it is unfit.
    #[error("the identity's certificate is unfit")]
    Certificate(#[from] CertificateError),
    /// The key in it is not a PKCS #8 private key of a supported kind.
    #[error("the identity's private key is unfit")]
    PrivateKey {
        /// What the parser objected to.
        source: rustls::Error,
    },
    /// Key and certificate are each well formed and do not belong together.
    #[error("the private key is not the one the certificate was made for")]
    KeyMismatch,
    /// The cryptography library failed.
    #[error("a key and its certificate could not be generated")]
    Generate {
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// A connection could not be secured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// This side dialled, and its [`Tls`](crate::Tls) has no client configuration.
    #[error("this side has no TLS configuration to connect with")]
    CannotConnect,
    /// This side was dialled, and its [`Tls`](crate::Tls) has no server configuration.
    #[error("this side has no TLS configuration to accept with")]
    CannotAccept,
    /// The peer wants a certificate and this side presented none.
    #[error("the peer requires a certificate and this side has none")]
    CertificateRequired,
    /// The peer did not like this side's certificate: it expects another one, or an older one.
    #[error("the peer refused this side's certificate")]
    RefusedByPeer {
        /// The alert it sent.
        source: rustls::Error,
    },
    /// Not the peer we were told of: another process took its address, or it restarted.
    #[error("the peer presented a different certificate than the one it announced")]
    OtherCertificate,
    /// The peer shows the right certificate without holding its key: it is an impostor.
    #[error("the peer does not hold the key of the certificate it presented")]
    KeyNotHeld,
    /// The peer presented no certificate.
    #[error("the peer presented no certificate")]
    NoCertificate,
    /// A configuration the user brought did not accept the peer's certificate.
    #[error("the peer's certificate was refused")]
    InvalidCertificate {
        /// What was wrong with it.
        source: rustls::Error,
    },
    /// The first bytes were no TLS record: most likely the peer expects an unencrypted connection.
    #[error("the peer did not speak TLS")]
    NotTls {
        /// What was odd about them.
        source: rustls::Error,
    },
    /// Both sides use ALPN and have no protocol in common.
    #[error("the peer offers no application protocol that this side speaks")]
    NoCommonProtocol,
    /// Both speak TLS, without a version, cipher suite or signature scheme in common.
    #[error("the peer's TLS has nothing in common with this side's")]
    Incompatible {
        /// What is missing.
        source: rustls::Error,
    },
    /// The peer went away: it crashed, or it expects an unencrypted connection and gave up.
    #[error("the peer closed the connection during the TLS handshake")]
    Closed {
        /// How the end showed itself.
        source: io::Error,
    },
    /// Any other breach of the protocol.
    #[error("the TLS handshake failed")]
    Handshake {
        /// What rustls said.
        source: rustls::Error,
    },
    /// The transport beneath failed.
    #[error("the connection failed during the TLS handshake")]
    Io {
        /// What it said.
        source: io::Error,
    },
}

/// Names the cause in an error from a handshake, or from the first read after one.
///
/// Later errors of a stream lose nothing by it, but "during the handshake" is then untrue.
impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match error.downcast::<rustls::Error>() {
            Ok(source) => Self::from(source),
            Err(source) => match source.kind() {
                UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe => {
                    Self::Closed { source }
                }
                _ => Self::Io { source },
            },
        }
    }
}

impl From<rustls::Error> for TlsError {
    fn from(source: rustls::Error) -> Self {
        use rustls::Error as E;
        match (Refusal::within(&source), &source) {
            (Some(Refusal::OtherCertificate), _) => Self::OtherCertificate,
            (Some(Refusal::KeyNotHeld), _) => Self::KeyNotHeld,
            (None, E::AlertReceived(alert)) => Self::from_alert(*alert, source),
            (None, E::InvalidMessage(message)) if is_foreign(message) => Self::NotTls { source },
            (None, E::NoCertificatesPresented) => Self::NoCertificate,
            (None, E::InvalidCertificate(_)) => Self::InvalidCertificate { source },
            (None, E::NoApplicationProtocol) => Self::NoCommonProtocol,
            (None, E::PeerIncompatible(_)) => Self::Incompatible { source },
            (None, _) => Self::Handshake { source },
        }
    }
}

impl TlsError {
    fn from_alert(alert: AlertDescription, source: rustls::Error) -> Self {
        use AlertDescription as A;
        match alert {
            A::CertificateRequired => Self::CertificateRequired,
            A::NoApplicationProtocol => Self::NoCommonProtocol,
            A::ProtocolVersion | A::HandshakeFailure => Self::Incompatible { source },
            A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
            | A::DecryptError => Self::RefusedByPeer { source },
            _ => Self::Handshake { source },
        }
    }
}

/// Faults of a record's header: bytes that were never meant to be TLS fail here.
fn is_foreign(message: &InvalidMessage) -> bool {
    matches!(
        message,
        InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload
    )
}
