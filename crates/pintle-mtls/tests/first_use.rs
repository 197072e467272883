//! What a launch costs in a new process. It is a program by itself, as what is looked at is the
//! process's, and that of the thread it is used on.

#![allow(
    clippy::unwrap_used,
    reason = "a broken set-up should fail the test where it breaks"
)]

use std::time::{Duration, Instant};

use pintle_mtls::{Curve, Identity, Tls};
use rustls::crypto::aws_lc_rs;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// aws-lc's first random number takes thousands of times as long as any later one, so whether there
/// was one before shows afterwards.
#[tokio::test]
async fn neither_an_identity_nor_a_connection_takes_a_random_number_of_aws_lcs() {
    let left = Identity::generate(Curve::default()).unwrap();
    let right = Identity::generate(Curve::default()).unwrap();
    let right = Identity::from_pem(right.to_pem().expose()).unwrap();
    let in_left = Tls::auto(&left, right.certificate().clone());
    let in_right = Tls::auto(&right, left.certificate().clone());

    let (a, b) = duplex(64 * 1024);
    let (dialled, accepted) = tokio::join!(in_left.connect(a), in_right.accept(b));
    let (mut dialled, mut accepted) = (dialled.unwrap(), accepted.unwrap());
    dialled.write_all(b"!").await.unwrap();
    dialled.flush().await.unwrap();
    assert_eq!(accepted.read_u8().await.unwrap(), b'!');
    dialled.shutdown().await.unwrap();
    assert_eq!(accepted.read(&mut [0]).await.unwrap(), 0);

    let first = random_number();
    let later = (0..1000).map(|_| random_number()).min().unwrap();
    assert!(first > 10 * later, "first {first:?}, later {later:?}");
}

fn random_number() -> Duration {
    let started = Instant::now();
    let random = aws_lc_rs::default_provider().secure_random;
    random.fill(&mut [0; 32]).unwrap();
    started.elapsed()
}
