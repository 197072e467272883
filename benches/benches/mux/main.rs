//! What does a multiplexer cost beside the bare socket?
//!
//! Every contender carries the same streams over the same kind of unix socket pair, both ends in
//! one process, in turns within each round; the table shows medians over the rounds.
//!
//! `cargo bench -p benches --bench mux -- [ROUNDS] [WORDS]`: 7 rounds if not said, and only the
//! rows whose name has all the words. `MUX_ONLY=pintle` times only contenders whose name has that.
//!
//! # What it costs, and why not less
//!
//! On two virtual cores of a Xeon, in GB/s, with the buffers a unix socket has by default:
//!
//! | | bare socket | pintle-mux |
//! |---|---|---|
//! | 1 stream, one thread | 14.6 | 12.5 (×0.86) |
//! | 1 stream, two threads | 13.8 | 9.4 to 11.5 (×0.7 to ×0.84) |
//! | 64 streams, one thread | 4.2 | 9.5 (×2.3) |
//! | 64 streams, two threads | 4.3 | 7.0 (×1.6) |
//!
//! One stream falls short of the socket because this one holds only some 220 KB. To fill and empty
//! it once takes the bare socket 15 µs and five system calls; here it is 18 µs and nine: a header is
//! read on its own because nobody can know its place before, a write is refused to learn that the
//! socket is full, and a last small frame fills what a large one left. Smaller frames and larger
//! ones, which then are taken in part, were no faster. With two threads the runtime now and then
//! moves one side to the other core, which costs a wake-up per socketful until it moves back; the
//! bare socket has one task a side to move, pintle-mux two.
//!
//! 64 streams are slower than one because their tasks' buffers, 32 MiB of them, do not fit into the
//! cache. Each stream gets half a millisecond at a time, so most bytes are copied within it all the
//! same; the first of every turn are not, nor is a turn longer than the window of its stream, which
//! is what holds sockets of 1 MiB back (6.2 for 64 streams, 8.9 to 9.9 for one).

mod contenders;
mod tasks;

use std::time::Duration;

use contenders::Contender;
use tokio::runtime::{Builder, Runtime};

/// Send and receive buffers of the sockets, and what the row is called.
const BUFFERS: [(Option<usize>, &str); 2] = [(None, "default buffers"), (Some(1 << 20), "1 MiB")];

const BULK_BYTES: usize = 256 << 20;

fn main() {
    // `cargo test` runs this too, with other arguments; one quick round shows that it works.
    let quick = std::env::args().any(|arg| arg == "--test");
    let asked = std::env::args().find_map(|arg| arg.parse().ok());
    let rounds = if quick { 1 } else { asked.unwrap_or(7) };
    let bulk = if quick { BULK_BYTES / 64 } else { BULK_BYTES };
    let pings = if quick { 100 } else { 20_000 };

    println!(
        "{:<50}{}",
        "",
        Contender::ALL.map(|c| format!("{:>16}", c.name())).concat()
    );
    for (flavour, runtime) in [
        ("one thread", current_thread as fn() -> Runtime),
        ("two threads", two),
    ] {
        for (buffer, size) in BUFFERS {
            for streams in [1, 64] {
                let label = format!("bulk, {streams} stream(s), {size}, {flavour}, GB/s");
                row(&label, rounds, |contender| {
                    let took = tasks::bulk(&runtime(), contender, streams, bulk, buffer);
                    bulk as f64 / took.as_secs_f64() / 1e9
                });
            }
        }
        row(
            &format!("64-byte ping-pong, {flavour}, µs"),
            rounds,
            |contender| micros(tasks::ping_pong(&runtime(), contender, 1, pings)),
        );
        row(
            &format!("the same, 64 streams, {flavour}, µs each"),
            rounds,
            |contender| micros(tasks::ping_pong(&runtime(), contender, 64, pings / 16)),
        );
    }
}

/// Measures all contenders in turn, round by round, and prints the medians.
fn row(label: &str, rounds: usize, mut measure: impl FnMut(Contender) -> f64) {
    let mut words = std::env::args()
        .skip(1)
        .filter(|w| !w.starts_with('-') && w.parse::<usize>().is_err());
    if !words.all(|word| label.contains(&word)) {
        return;
    }
    let mut results = Contender::ALL.map(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (contender, results) in Contender::ALL.into_iter().zip(&mut results) {
            if std::env::var("MUX_ONLY").is_ok_and(|o| !contender.name().contains(&o)) {
                results.push(1.0);
                continue;
            }
            results.push(measure(contender));
        }
    }
    let raw = median(&mut results[0]);
    let cells = results.map(|mut results| {
        let median = median(&mut results);
        format!("{:>16}", format!("{median:.2} (×{:.2})", median / raw))
    });
    println!("{label:<50}{}", cells.concat());
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1000.0
}

fn current_thread() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
}

fn two() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
}
