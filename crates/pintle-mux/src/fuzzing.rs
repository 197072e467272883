//! What a peer sends, given to the code that reads it: the body of the fuzz target.
//!
//! It panics where a promise is broken. `cargo xtask fuzz` makes up the bytes; the test below takes
//! those that are known.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

#[path = "../../../fuzz/shared/peer.rs"]
mod peer;
#[cfg(test)]
#[path = "../../../fuzz/shared/replay.rs"]
mod replay;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Config, Session};
use peer::Script;

/// Frames of a peer, to a session whose streams are read, answered and dropped.
///
/// The session comes to an end, and has not said much more than it was told.
pub fn frames(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing of the system");
    runtime.block_on(async {
        let peer = Script::cut(bytes);
        let told = Arc::clone(&peer.told);
        let config = Config {
            max_streams: 8,
            ..Config::default()
        };
        let (session, driver) = Session::server(peer, config);
        let user = async {
            while let Some(mut stream) = session.accept().await {
                let mut some = [0; 100];
                let _ = stream.write(b"hello").await;
                if let Ok(length) = stream.read(&mut some).await
                    && some[..length].first().is_some_and(|byte| byte % 2 == 0)
                {
                    let _ = stream.shutdown().await;
                }
            }
        };
        let both = async { tokio::join!(driver, user) };
        let ended = tokio::time::timeout(LONG, both).await;
        assert!(ended.is_ok(), "the session does not end with its peer");
        let most = bytes.len() * TOLD_FOR_EACH_BYTE + TOLD_ANYWAY;
        let told = told.load(Ordering::Relaxed);
        assert!(told <= most, "{told} bytes for {}", bytes.len());
    });
}

/// Longer than any patience, on a clock that is paused.
const LONG: Duration = Duration::from_secs(3600);

/// A header of 12 bytes opens a stream: it is acknowledged, greeted and ended.
const TOLD_FOR_EACH_BYTE: usize = 8;

/// Pings of its own, and the end of the session.
const TOLD_ANYWAY: usize = 4096;

#[cfg(test)]
mod tests {
    use super::frames;
    use super::replay::replay;

    #[test]
    fn every_input_that_is_known_keeps_the_promises() {
        replay("frames", frames);
    }
}
