//! What is timed.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::contenders::Contender;

/// Bytes of one write and of one read.
const PIECE: usize = 256 << 10;

/// Sends `total` bytes in one direction, spread over the streams; the time until all have arrived.
pub(crate) fn bulk(
    runtime: &Runtime,
    contender: Contender,
    streams: usize,
    total: usize,
    buffer: Option<usize>,
) -> Duration {
    runtime.block_on(spawned(async move {
        let mut drivers = JoinSet::new();
        let pairs = contender.pairs(streams, buffer, &mut drivers).await;
        // Made before the clock starts, because every page of them is a fault.
        let pieces: Vec<_> = pairs
            .iter()
            .map(|_| (vec![7; PIECE], vec![9; PIECE]))
            .collect();
        let mut tasks = JoinSet::new();
        let start = Instant::now();
        for ((mut from, mut to), (piece, mut room)) in pairs.into_iter().zip(pieces) {
            tasks.spawn(async move {
                let mut left = total / streams;
                while left > 0 {
                    let now = left.min(PIECE);
                    from.write_all(&piece[..now])
                        .await
                        .expect("the other end reads");
                    left -= now;
                }
                from.flush().await.expect("the other end reads");
                // Keeps the stream open until everything was read.
                let _ = from.read(&mut [0]).await;
            });
            tasks.spawn(async move {
                let mut left = total / streams;
                while left > 0 {
                    left -= to.read(&mut room).await.expect("the other end writes");
                }
                to.write_all(&[1]).await.expect("the other end reads");
                to.flush().await.expect("the other end reads");
            });
        }
        while let Some(result) = tasks.join_next().await {
            result.expect("no task panics");
        }
        start.elapsed()
    }))
}

/// Sends 64 bytes to and fro on every stream; the mean time of one exchange.
pub(crate) fn ping_pong(
    runtime: &Runtime,
    contender: Contender,
    streams: usize,
    rounds: usize,
) -> Duration {
    runtime.block_on(spawned(async move {
        let mut drivers = JoinSet::new();
        let pairs = contender.pairs(streams, None, &mut drivers).await;
        let mut tasks = JoinSet::new();
        let start = Instant::now();
        for (mut near, mut far) in pairs {
            tasks.spawn(async move {
                let mut message = [7; 64];
                for _ in 0..rounds {
                    near.write_all(&message).await.expect("the other end reads");
                    near.flush().await.expect("the other end reads");
                    near.read_exact(&mut message)
                        .await
                        .expect("the other end answers");
                }
            });
            tasks.spawn(async move {
                let mut message = [0; 64];
                for _ in 0..rounds {
                    far.read_exact(&mut message)
                        .await
                        .expect("the other end writes");
                    far.write_all(&message).await.expect("the other end reads");
                    far.flush().await.expect("the other end reads");
                }
            });
        }
        while let Some(result) = tasks.join_next().await {
            result.expect("no task panics");
        }
        start.elapsed() / u32::try_from(rounds * streams).expect("few rounds")
    }))
}

/// Runs on a worker of the runtime, as a task of a program would; as in most programs, somewhere a
/// timer is pending, which makes every wait for the socket a little dearer.
async fn spawned<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(tokio::time::sleep(Duration::from_secs(3600)));
    tokio::spawn(work).await.expect("no task panics")
}
