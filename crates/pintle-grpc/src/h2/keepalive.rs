//! Asking a silent peer for a sign of life.

use std::future::pending;

use ::h2::{Ping, PingPong};
use tokio::time::{sleep, timeout};

use super::settings::KeepAlive;

/// Ends when the peer has left a ping without an answer for too long; never without `keepalive`.
///
/// The connection must be polled meanwhile.
pub(crate) async fn silence(mut pings: PingPong, keepalive: Option<KeepAlive>) {
    let Some(keepalive) = keepalive else {
        return pending().await;
    };
    loop {
        sleep(keepalive.interval).await;
        match timeout(keepalive.timeout, pings.ping(Ping::opaque())).await {
            Ok(Ok(_pong)) => {}
            // The connection has ended and says so itself.
            Ok(Err(_)) => return pending().await,
            Err(_elapsed) => return,
        }
    }
}
