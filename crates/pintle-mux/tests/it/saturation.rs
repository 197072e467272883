//! Both directions full at once, for long.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::support::{Pair, pair, soon};

/// A second by default; a minute with `PINTLE_LONG=1`, which is what it took other implementations
/// to stop for ever.
fn duration() -> Duration {
    match std::env::var_os("PINTLE_LONG") {
        Some(_) => Duration::from_secs(60),
        None => Duration::from_secs(1),
    }
}

async fn saturate(pair: Pair, streams: usize) {
    let until = Instant::now() + duration();
    let mut tasks = JoinSet::new();
    for _ in 0..streams {
        let (near, far) = pair.stream().await;
        for stream in [near, far] {
            let (mut read, mut write) = tokio::io::split(stream);
            tasks.spawn(async move {
                let piece = vec![1; 100_000];
                let mut sent = 0;
                while Instant::now() < until {
                    let stalled =
                        tokio::time::timeout(Duration::from_secs(8), write.write_all(&piece));
                    stalled.await.expect("the session stalled").unwrap();
                    sent += piece.len();
                }
                write.shutdown().await.unwrap();
                sent
            });
            tasks.spawn(async move {
                let mut piece = vec![0; 100_000];
                let mut received = 0;
                loop {
                    match read.read(&mut piece).await.unwrap() {
                        0 => return received,
                        length => received += length,
                    }
                }
            });
        }
    }
    let mut totals = Vec::new();
    while let Some(total) = tasks.join_next().await {
        totals.push(total.unwrap());
    }
    // Every sum is there once as sent and once as received.
    totals.sort_unstable();
    assert!(
        totals
            .chunks(2)
            .all(|both| both[0] == both[1] && both[0] > 0),
        "{totals:?}"
    );
    // Nor does one stream live at the cost of another.
    let (least, most) = (totals[0], totals[totals.len() - 1]);
    assert!(least > most / 50, "{totals:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_stream_full_both_ways_never_stalls() {
    soon(saturate(pair(), 1)).await;
}

#[tokio::test]
async fn two_streams_full_both_ways_never_stall_on_one_thread() {
    soon(saturate(pair(), 2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_streams_full_both_ways_never_stall() {
    soon(saturate(pair(), 16)).await;
}
