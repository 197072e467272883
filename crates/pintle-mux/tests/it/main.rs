//! Sessions over real sockets, among themselves and with other implementations.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, outside of test functions too"
)]

mod broker;
mod crates;
mod hostile;
mod http2;
mod saturation;
mod session;
mod stream;
mod support;
