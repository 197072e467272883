//! The key of an identity: P-256 on ring, every other kind on aws-lc.
//!
//! A signature of ECDSA needs a random number as a key does; see [`provider`](crate::provider) for
//! whose.

use std::fmt;
use std::sync::Arc;

use ring::error::{KeyRejected, Unspecified};
use ring::pkcs8::Document;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{
    PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, alg_id::ECDSA_P256,
};
use rustls::sign::{Signer, SigningKey, public_key_to_spki};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

/// Reads a PKCS #8 key of any kind that aws-lc reads.
///
/// What ring does not take is aws-lc's to judge: other kinds, P-256 in encodings ring does not
/// know, and what is no key at all.
pub(crate) fn read(pkcs8: &[u8]) -> Result<Arc<dyn SigningKey>, Error> {
    if let Ok(key) = P256Key::from_pkcs8(pkcs8) {
        return Ok(Arc::new(key));
    }
    any_supported_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8)))
}

/// A P-256 key that signs certificates, by rcgen, and handshakes, by rustls.
///
/// `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct P256Key(Arc<EcdsaKeyPair>);

impl P256Key {
    /// A new key, as PKCS #8.
    pub(crate) fn generate() -> Result<Document, Unspecified> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
    }

    pub(crate) fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new())
            .map(|pair| Self(Arc::new(pair)))
    }

    /// The signature in DER, as certificates and handshakes both have it.
    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let signature = self.0.sign(&SystemRandom::new(), message)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P256Key(..)")
    }
}

impl rcgen::PublicKeyData for P256Key {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for P256Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.signature(message)
            .map_err(|_| rcgen::Error::RingUnspecified)
    }
}

impl SigningKey for P256Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&self.scheme())
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(public_key_to_spki(&ECDSA_P256, self.0.public_key()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for P256Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.signature(message)
            .map_err(|_| Error::General("the handshake could not be signed".to_owned()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

#[cfg(test)]
mod tests {
    use rcgen::KeyPair;

    use super::*;

    /// An identity saved by an earlier version, or made by another program, need not pay either.
    #[test]
    fn a_p256_key_is_ours_whoever_wrote_it() {
        let written_by_aws_lc = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let written_by_ring = P256Key::generate().unwrap();
        for der in [written_by_aws_lc.serialized_der(), written_by_ring.as_ref()] {
            assert_eq!(format!("{:?}", read(der).unwrap()), "P256Key(..)");
        }
    }

    #[test]
    fn a_key_is_read_by_either_library_as_the_same_one() {
        let der = P256Key::generate().unwrap();
        let (ours, pkcs8) = (
            read(der.as_ref()).unwrap(),
            PrivatePkcs8KeyDer::from(der.as_ref()),
        );
        let theirs = any_supported_type(&pkcs8.into()).unwrap();
        assert_eq!(ours.public_key(), theirs.public_key());
        assert_eq!(ours.algorithm(), theirs.algorithm());
    }

    #[test]
    fn a_key_of_another_kind_is_aws_lcs() {
        for algorithm in [
            &rcgen::PKCS_ECDSA_P384_SHA384,
            &rcgen::PKCS_ECDSA_P521_SHA512,
            &rcgen::PKCS_ED25519,
        ] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            assert!(P256Key::from_pkcs8(key.serialized_der()).is_err());
            let read = read(key.serialized_der()).unwrap();
            assert!(
                read.public_key()
                    .unwrap()
                    .as_ref()
                    .ends_with(key.public_key_raw())
            );
        }
    }

    #[test]
    fn a_handshake_without_the_keys_scheme_is_not_signed() {
        let key = read(P256Key::generate().unwrap().as_ref()).unwrap();
        let all = [
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP256_SHA256,
        ];
        assert!(key.choose_scheme(&all[..1]).is_none());
        assert_eq!(key.choose_scheme(&all).unwrap().scheme(), all[1]);
    }
}
