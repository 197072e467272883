//! Bytes through one stream of a multiplexed connection, there and back: all of tarpc, and
//! multiplexed gRPC.

use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput};
use pintle_mux::{Config, Session, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use crate::runtime;

/// How many bytes go there and back, and how many fit into the memory between the two sides.
const SIZES: [usize; 2] = [32, 64 * 1024];
const BUFFER_BYTES: usize = 256 * 1024;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = runtime();
    let (session, mut stream) = runtime.block_on(echoing());
    let mut group = criterion.benchmark_group("mux, there and back");
    for size in SIZES {
        let sent = vec![7; size];
        let mut received = vec![0; size];
        // Both ways.
        group.throughput(Throughput::Bytes(2 * size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter_custom(|rounds| {
                runtime.block_on(async {
                    let begun = Instant::now();
                    for _ in 0..rounds {
                        stream.write_all(&sent).await.expect("it is open");
                        stream.read_exact(&mut received).await.expect("it is open");
                    }
                    begun.elapsed()
                })
            });
        });
    }
    group.finish();
    session.close();
}

/// A stream whose other end sends back what comes, and the session that it lasts as long as.
async fn echoing() -> (Session, Stream) {
    let (near, far) = duplex(BUFFER_BYTES);
    let (near, driver) = Session::client(near, Config::default());
    tokio::spawn(driver);
    let (far, driver) = Session::server(far, Config::default());
    tokio::spawn(driver);
    let stream = near.open().await.expect("a stream opens");
    tokio::spawn(async move {
        let mut stream = far.accept().await.expect("a stream arrives");
        while let Ok(Some(chunk)) = stream.read_chunk().await {
            stream.write_all(&chunk).await.expect("it is open");
        }
    });
    (near, stream)
}
