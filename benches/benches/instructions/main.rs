//! `cargo xtask instructions` runs this program under valgrind: which instructions do host and
//! plugin spend on one call?
//!
//! Time on a shared machine says little about a change of a few per cent; the number of instructions
//! says it every time. Host and plugin are on one thread of one process, joined by a unix socket, so
//! that both sides are counted and nothing but the call decides what comes next. The calls go
//! through `#[pintle::interface]`, as most users' do.
//!
//! `instructions --cases` prints how many calls are counted and the names of the cases, and
//! `instructions --case NAME` makes that many calls inside of [`counted_calls`], whose name is what
//! the chore has valgrind count in. By itself, as `cargo bench -p benches --bench instructions`, it
//! makes the calls of each case and counts nothing.
//!
//! # How exact it is
//!
//! Each case was counted five times as the chore does it, on two virtual cores. The counts were 0.04 %
//! apart at most without TLS, where hash seeds are all that differs, and 0.43 % with it: signatures are
//! not all of one length, and so the heap is not the same each time, nor what `malloc` finds in it. Two
//! things make more. A change that has nothing to do with calls can move the heap, too; a longer
//! argument of this program made 0.6 % of `grpc-32`. And pintle-mux looks at the clock to see how long
//! a stream has been served: where eight programs waited for each core, that made 1.4 % of 64 KiB.
//!
//! # What the numbers are not
//!
//! They are no time: what the kernel does for a call is not in them, nor are waiting and the cache.
//! And a byte that glibc copies with `rep movsb`, as it does above some kilobytes, is counted as one
//! instruction, so that a payload of 64 KiB is mostly its copies, and one copy more is 65 536 more.

mod cases;
mod echo;
mod multiplexed;
mod one_thread;

use std::process::ExitCode;

use cases::Case;
use echo::{Echo as _, EchoClient};
use tokio::runtime::{Builder, Runtime};

/// How many calls are counted. A power of two, since what is done once in several calls, as giving
/// back a window, then is in the count as often as it should.
const CALLS: usize = 256;

/// How many calls go before: the first ones fill what later ones use again.
const CALLS_BEFORE: usize = 256;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let cases = Case::all();
    match words.as_slice() {
        ["--cases"] => {
            println!("{CALLS}");
            for case in cases {
                println!("{}", case.name());
            }
        }
        ["--case", name] => {
            let Some(case) = cases.iter().find(|case| case.name() == *name) else {
                eprintln!("instructions: no case is called {name}");
                return ExitCode::from(2);
            };
            run(case);
        }
        // cargo's words, and those that are for the other benches.
        _ => {
            for case in cases {
                run(&case);
                println!("{CALLS} calls, not counted: {}", case.name());
            }
        }
    }
    ExitCode::SUCCESS
}

fn run(case: &Case) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let (plugin, session) = runtime.block_on(case.open());
    let client = runtime.block_on(case.client(&session));
    let payload = pintle::Bytes::from(vec![7; case.bytes]);
    calls(&runtime, &client, &payload, CALLS_BEFORE);
    counted_calls(&runtime, &client, &payload);
    drop((session, plugin));
}

/// Apart from the other calls, and under a name of its own.
#[inline(never)]
fn counted_calls(runtime: &Runtime, client: &EchoClient, payload: &pintle::Bytes) {
    calls(runtime, client, payload, CALLS);
}

fn calls(runtime: &Runtime, client: &EchoClient, payload: &pintle::Bytes, calls: usize) {
    runtime.block_on(async {
        for _ in 0..calls {
            let answer = client.echo(payload.clone()).await.expect("it answers");
            assert_eq!(answer.len(), payload.len());
        }
    });
}
