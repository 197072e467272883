//! The cryptography of every connection: aws-lc's, but for what draws random numbers.
//!
//! aws-lc gathers entropy by itself before the first random number it gives in a process, and that
//! takes tens of milliseconds: far more than all else that a launch does, once in the host and once
//! in the plugin. What the kernel gives is as good, and there at once. So the parts that need
//! randomness are built on *ring*, which asks the kernel: rustls's own random bytes, the shares of a
//! key exchange ([`exchange`](crate::exchange)) and the keys of identities ([`key`](crate::key)).
//!
//! Cipher suites, hashes and the verification of signatures draw none, and stay aws-lc's: ring lacks
//! P-521. A connection draws randomness nowhere else: there are no tickets, and records are numbered.

use std::sync::{Arc, LazyLock};

use ring::rand::SystemRandom;
use rustls::crypto::{CryptoProvider, GetRandomFailed, SecureRandom, aws_lc_rs};

use crate::exchange;

/// The provider is always passed explicitly: rustls panics when it has to choose between two.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        Arc::new(CryptoProvider {
            kx_groups: exchange::groups(),
            secure_random: &Kernel,
            ..aws_lc_rs::default_provider()
        })
    });
    Arc::clone(&PROVIDER)
}

/// Random bytes as the kernel gives them.
#[derive(Debug)]
struct Kernel;

impl SecureRandom for Kernel {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        ring::rand::SecureRandom::fill(&SystemRandom::new(), buf).map_err(|_| GetRandomFailed)
    }
}
