//! Mutual TLS between two processes that have never met and share no authority.
//!
//! Each side makes an [`Identity`]: a key that is never reused and a certificate it signs itself.
//! The two certificates change hands over a channel that is already private to the pair (for a
//! child process: its environment one way, its standard output the other). From then on each side
//! accepts exactly one peer: the holder of the key behind exactly those bytes. There is no
//! authority, no name and no expiry to get wrong, and nobody else who reaches the socket can speak.
//!
//! The scheme, the certificate's shape and both encodings are those of go-plugin's AutoMTLS, so a
//! peer may equally be a Go program. This crate does not know what a plugin is; it knows two
//! processes, of which either may dial and either may accept.
//!
//! Start at [`Identity::generate`], then [`Tls::auto`] once the peer's [`Certificate`] has arrived:
//!
//! ```
//! use pintle_mtls::{Certificate, Curve, Identity, Tls};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let parent = Identity::generate(Curve::default())?;
//! let child = Identity::generate(Curve::default())?;
//!
//! // The environment carries PEM; a line of output carries unpadded base64.
//! let environment = parent.certificate().to_pem();
//! let line = child.certificate().to_line();
//!
//! let in_parent = Tls::auto(&parent, Certificate::from_line(&line)?);
//! let in_child = Tls::auto(&child, Certificate::from_pem(&environment)?);
//!
//! let (a, b) = tokio::io::duplex(4096);
//! let (dialled, accepted) = tokio::join!(in_parent.connect(a), in_child.accept(b));
//! let (mut dialled, mut accepted) = (dialled?, accepted?);
//!
//! dialled.write_all(b"hello").await?;
//! dialled.flush().await?;
//! let mut heard = [0; 5];
//! accepted.read_exact(&mut heard).await?;
//! assert_eq!(&heard, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! Programs with certificates of their own bring rustls configurations to [`Tls::from_configs`].
//!
//! # What is checked, and what is not
//!
//! - The peer presents one certificate, equal byte for byte to the one it announced.
//! - The peer signs the handshake with that certificate's key, on TLS 1.2 and on TLS 1.3.
//! - Every connection repeats both checks: there are no tickets and no resumed sessions.
//! - Names, dates, issuers and key usages are **not** looked at: equality says more than they could.
//!   The private channel is the root of trust; who can write to it can choose the peer.
//!
//! # Whose cryptography
//!
//! aws-lc-rs's, with the parts that draw random numbers on *ring* (P-256 keys and their signatures,
//! key exchange): aws-lc's first random number in a process takes tens of milliseconds, the kernel's
//! none. ring alone would not do, as it lacks P-521, the curve of go-plugin's certificates. Both are
//! named explicitly, so another crate that enables a second rustls provider changes nothing here;
//! ring is not enabled as one, so a program's own `ServerConfig::builder()` finds one provider.
//!
//! Secrets are agreed on by X25519, P-256 or P-384, none of which withstands a quantum computer, and
//! not within a validated (FIPS) module. Where a policy asks for either, bring configurations.

mod certificate;
mod config;
mod encode;
mod error;
mod exchange;
#[cfg(any(test, pintle_fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod key;
mod pin;
mod provider;
mod secret;
mod tls;

pub use crate::certificate::Certificate;
pub use crate::encode::MAX_TEXT_BYTES;
pub use crate::error::{CertificateError, EncodingError, IdentityError, TlsError};
pub use crate::identity::{Curve, Identity};
pub use crate::secret::SecretPem;
pub use crate::tls::Tls;

/// The rustls this crate was built with, for those who bring their own configurations.
pub use rustls;
/// An encrypted connection, in either role.
pub use tokio_rustls::TlsStream;
