//! A peer's certificate, parsed far enough to be pinned.

use std::fmt;

use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;

use crate::encode;
use crate::error::CertificateError;
use crate::provider::provider;

/// One X.509 certificate whose key this crate can verify signatures with.
///
/// Two are equal when their DER is. Nothing in one is secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Certificate(CertificateDer<'static>);

impl Certificate {
    /// Takes DER as it crosses the wire.
    ///
    /// # Errors
    ///
    /// [`CertificateError::NotX509`] for anything but one whole certificate, and
    /// [`CertificateError::UnsupportedKey`] when no handshake with its key could ever be verified.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, CertificateError> {
        let der = CertificateDer::from(der.into());
        let parsed = ParsedCertificate::try_from(&der)
            .map_err(|source| CertificateError::NotX509 { source })?;
        let key = parsed.subject_public_key_info();
        let algorithm = sequence(&key).and_then(sequence);
        let verifiable = provider()
            .signature_verification_algorithms
            .all
            .iter()
            .any(|known| Some(known.public_key_alg_id().as_ref()) == algorithm);
        if !verifiable {
            return Err(CertificateError::UnsupportedKey);
        }
        Ok(Self(der))
    }

    /// Reads the form an environment variable carries: exactly one `CERTIFICATE` section.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Encoding`] for text over [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES), for
    /// malformed PEM, and for anything but white space around the section; otherwise as
    /// [`from_der`](Self::from_der).
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let [der] = encode::read_pem(text, [encode::CERTIFICATE])?;
        Self::from_der(der)
    }

    /// Reads the form a handshake line carries: standard base64, padded or not.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Encoding`] for text over [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES) or
    /// not base64; otherwise as [`from_der`](Self::from_der).
    pub fn from_line(text: &str) -> Result<Self, CertificateError> {
        Self::from_der(encode::read_line(text)?)
    }

    /// The bytes that are compared when a peer presents its certificate.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// One PEM section, ending in a newline.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let mut pem = String::new();
        encode::push_pem(&mut pem, encode::CERTIFICATE, &self.0);
        pem
    }

    /// Standard base64 without padding, on one line.
    #[must_use]
    pub fn to_line(&self) -> String {
        encode::to_line(&self.0)
    }

    pub(crate) fn rustls_der(&self) -> &CertificateDer<'static> {
        &self.0
    }
}

/// Length and last bytes: a signature ends a certificate, so its tail tells two apart.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let der = self.as_der();
        write!(f, "Certificate({} bytes, ending ", der.len())?;
        for byte in &der[der.len().saturating_sub(4)..] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// The contents of the DER sequence at the start of `der`.
///
/// A public key's first element is a sequence that names its algorithm, and so rustls compares it.
/// Lengths above two bytes cannot occur below [`MAX_TEXT_BYTES`](encode::MAX_TEXT_BYTES).
fn sequence(der: &[u8]) -> Option<&[u8]> {
    let (len, rest) = match der {
        [0x30, len @ 0..=0x7f, rest @ ..] => (usize::from(*len), rest),
        [0x30, 0x81, len, rest @ ..] => (usize::from(*len), rest),
        [0x30, 0x82, high, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    rest.get(..len)
}
