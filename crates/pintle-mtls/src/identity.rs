//! One side's key and certificate, made for one session.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::sign::{CertifiedKey, SigningKey};
use zeroize::Zeroize;

use crate::certificate::Certificate;
use crate::encode;
use crate::error::IdentityError;
use crate::key::{self, P256Key};
use crate::secret::{SecretPem, wipe};

/// The name in every certificate and in every greeting: go-plugin's choice, which its peers check.
pub(crate) const SERVER_NAME: &str = "localhost";

/// go-plugin's peers do check dates, so clocks that differ a little are forgiven.
const BACKDATED: Duration = Duration::from_secs(30);
const LIFETIME: Duration = Duration::from_secs(30 * 8766 * 60 * 60);

/// The elliptic curve of a generated key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Curve {
    /// The default: the fastest of the three, and every TLS library in use has it.
    #[default]
    P256,
    /// For policies that ask for it. A process that makes one starts tens of milliseconds later, as
    /// for P-521: [`Identity::generate`] says why.
    P384,
    /// What go-plugin itself generates. Peers built on ring cannot verify it.
    P521,
}

/// A private key and the certificate it signed for itself.
///
/// Cheap to clone. `Debug` shows the certificate alone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    certificate: Certificate,
    key: Arc<CertifiedKey>,
    pem: SecretPem,
}

impl Identity {
    /// Makes a new key and signs its certificate: valid from 30 seconds ago, for 30 years.
    ///
    /// A [P-256](Curve::P256) identity takes well under a millisecond, also the first of a process.
    /// The first of another curve **blocks** for tens of milliseconds while aws-lc gathers entropy;
    /// in async code make it on a blocking thread.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Generate`] when the cryptography library fails, which for want of entropy
    /// or memory it may.
    pub fn generate(curve: Curve) -> Result<Self, IdentityError> {
        match curve {
            Curve::P256 => {
                let pkcs8 = P256Key::generate().map_err(failed)?;
                let key = P256Key::from_pkcs8(pkcs8.as_ref()).map_err(failed)?;
                let certificate = self_signed(&key)?;
                Self::assemble(certificate, Arc::new(key), pkcs8.as_ref())
            }
            Curve::P384 => Self::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            Curve::P521 => Self::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512),
        }
    }

    fn generate_for(algorithm: &'static rcgen::SignatureAlgorithm) -> Result<Self, IdentityError> {
        let mut key = KeyPair::generate_for(algorithm).map_err(failed)?;
        let identity = self_signed(&key)
            .and_then(|certificate| Self::restore(certificate, key.serialized_der()));
        key.zeroize();
        identity
    }

    /// Reads back what [`to_pem`](Self::to_pem) gave.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Encoding`] when the text is not exactly a certificate and then a PKCS #8
    /// key, or is over [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES);
    /// [`IdentityError::Certificate`] or [`IdentityError::PrivateKey`] when one of them is unfit;
    /// [`IdentityError::KeyMismatch`] when they do not belong together.
    pub fn from_pem(text: &str) -> Result<Self, IdentityError> {
        let [certificate, mut key] =
            encode::read_pem(text, [encode::CERTIFICATE, encode::PRIVATE_KEY])?;
        let identity = Certificate::from_der(certificate)
            .map_err(IdentityError::from)
            .and_then(|certificate| Self::restore(certificate, &key));
        wipe(&mut key);
        identity
    }

    /// The secret, for a later process that must be this identity again.
    #[must_use]
    pub fn to_pem(&self) -> SecretPem {
        self.0.pem.clone()
    }

    /// The public half, to be sent to the peer.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.0.certificate
    }

    pub(crate) fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.key)
    }

    fn restore(certificate: Certificate, key_der: &[u8]) -> Result<Self, IdentityError> {
        let key = key::read(key_der).map_err(|source| IdentityError::PrivateKey { source })?;
        Self::assemble(certificate, key, key_der)
    }

    fn assemble(
        certificate: Certificate,
        key: Arc<dyn SigningKey>,
        key_der: &[u8],
    ) -> Result<Self, IdentityError> {
        let key = CertifiedKey::new(vec![certificate.rustls_der().clone()], key);
        key.keys_match().map_err(|_| IdentityError::KeyMismatch)?;

        let sections = [
            (encode::CERTIFICATE, certificate.as_der()),
            (encode::PRIVATE_KEY, key_der),
        ];
        let len = sections
            .iter()
            .map(|(label, der)| encode::pem_len(label, der))
            .sum();
        let mut pem = String::with_capacity(len);
        for (label, der) in sections {
            encode::push_pem(&mut pem, label, der);
        }
        Ok(Self(Arc::new(Inner {
            certificate,
            key: Arc::new(key),
            pem: SecretPem::new(pem),
        })))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificate", self.certificate())
            .finish_non_exhaustive()
    }
}

fn self_signed(key: &impl rcgen::SigningKey) -> Result<Certificate, IdentityError> {
    let certificate = shape().and_then(|shape| shape.self_signed(key));
    let certificate = certificate.map_err(failed)?;
    Ok(Certificate::from_der(certificate.der().to_vec())?)
}

fn failed(error: impl Error + Send + Sync + 'static) -> IdentityError {
    IdentityError::Generate {
        source: error.into(),
    }
}

/// The certificate go-plugin makes, but for the organisation's name.
///
/// It is an authority and a leaf at once: Go verifies the peer against a pool that holds only this
/// certificate, so it must be able to have issued itself.
fn shape() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new([SERVER_NAME.to_owned()])?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "pintle");
    params
        .distinguished_name
        .push(DnType::CommonName, SERVER_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
        KeyUsagePurpose::KeyAgreement,
        KeyUsagePurpose::KeyCertSign,
    ];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];

    // A clock set before 1970 still gets a certificate; only a peer that checks dates would mind.
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now.saturating_sub(BACKDATED);
    params.not_after = epoch + now + LIFETIME;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_valid_from_a_little_before_now_for_thirty_years() {
        let before = SystemTime::now();
        let params = shape().unwrap();
        let after = SystemTime::now();

        let (from, until) = (SystemTime::from(params.not_before), params.not_after);
        assert!(before - BACKDATED <= from && from <= after - BACKDATED);
        assert_eq!(SystemTime::from(until), from + BACKDATED + LIFETIME);
    }
}
