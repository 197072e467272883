//! `cargo bench -p benches --bench interface`: what a call through `#[pintle::interface]` costs
//! beside the same call written by hand, over each transport.
//!
//! Host and plugin are on one thread of one process, joined by memory, so that wall time is CPU time
//! of both and nobody waits for a wake-up. The allocations of a call, of both sides together, are
//! printed first.

mod by_trait;

use std::hint::black_box;

use benches::by_hand;
use criterion::{BenchmarkId, Criterion, Throughput};
use pintle::{Grpc, Session, Tarpc, Transports};
use tokio::runtime::Runtime;

/// Payloads, in bytes.
const SIZES: [usize; 3] = [32, 1024, 64 * 1024];

/// How many calls the allocations are counted over.
const CALLS: u64 = 200;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let mut criterion = Criterion::default().configure_from_args();
    for (transport, transports) in [
        ("grpc", Transports::from(Grpc)),
        ("tarpc", Transports::from(Tarpc)),
    ] {
        let session = runtime.block_on(session(transports));
        let by_hand = runtime.block_on(by_hand::Echo::of(&session)).expect("it is served");
        let by_trait = runtime.block_on(by_trait::of(&session));
        for size in SIZES {
            let payload = bytes(size);
            let hand = async || drop(black_box(by_hand.echo(payload.clone()).await));
            let traits = async || drop(black_box(by_trait::echo(&by_trait, payload.clone()).await));
            let (hand_count, trait_count) =
                (allocations(&runtime, &hand), allocations(&runtime, &traits));
            println!(
                "{transport} {size} bytes: {hand_count:.1} allocations a call by hand, {trait_count:.1} by trait"
            );
            let mut group = criterion.benchmark_group(transport);
            group.throughput(Throughput::Bytes(size as u64));
            group.bench_function(BenchmarkId::new("by hand", size), |bencher| {
                bencher.to_async(&runtime).iter(&hand);
            });
            group.bench_function(BenchmarkId::new("by trait", size), |bencher| {
                bencher.to_async(&runtime).iter(&traits);
            });
            group.finish();
        }
    }
    criterion.final_summary();
}

async fn session(transports: Transports) -> Session {
    let plugins = pintle::PluginSet::new()
        .plugin(by_hand::EchoPlugin)
        .plugin(by_trait::Parrot);
    pintle::in_process_over(plugins, transports)
        .await
        .expect("both work over every transport")
}

fn bytes(size: usize) -> pintle::Bytes {
    vec![7; size].into()
}

/// How many allocations a call makes, both sides together.
fn allocations(runtime: &Runtime, call: &impl AsyncFn()) -> f64 {
    let calls = || {
        runtime.block_on(async {
            for _ in 0..CALLS {
                call().await;
            }
        });
    };
    // The first calls fill what later ones use again.
    calls();
    let counted = allocation_counter::measure(calls);
    counted.count_total as f64 / CALLS as f64
}
