//! Text that must not be printed and does not outlive its owner.

use std::fmt;
use std::mem;

use zeroize::Zeroize;

/// An identity with its **private key**, as PEM.
///
/// Whoever holds this text can pass for the identity, so its way out is the one loud method
/// [`expose`](Self::expose): `Debug` shows nothing, `Display` does not exist. The text is
/// overwritten on drop; copies made through `expose` are the caller's to guard.
#[derive(Clone)]
pub struct SecretPem(String);

impl SecretPem {
    pub(crate) fn new(pem: String) -> Self {
        Self(pem)
    }

    /// The secret itself: a `CERTIFICATE` section, then a PKCS #8 `PRIVATE KEY` section.
    ///
    /// Store it where only the owner of both processes can read it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Takes what was stored elsewhere; whether it is an identity shows when it is read.
impl From<String> for SecretPem {
    fn from(pem: String) -> Self {
        Self(pem)
    }
}

impl fmt::Debug for SecretPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretPem(..)")
    }
}

impl Drop for SecretPem {
    fn drop(&mut self) {
        wipe(&mut mem::take(&mut self.0).into_bytes());
    }
}

/// Overwrites bytes that are about to be freed.
///
/// It is a best effort: what the cryptography libraries hold inside themselves is theirs to erase.
/// aws-lc does; ring does not, so a P-256 key and the secret half of a key exchange stay in freed
/// memory until it is used for something else.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.zeroize();
}
