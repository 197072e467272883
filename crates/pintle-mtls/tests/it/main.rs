//! What this crate promises, seen from outside it.

#![allow(
    clippy::unwrap_used,
    reason = "a broken set-up should fail the test where it breaks"
)]

mod alpn;
mod certificate;
mod exchange;
mod handshake;
mod identity;
mod peer;
mod refusal;
