//! What a plugin should not do while it is called.

use std::future::pending;
use std::hint::black_box;
use std::io::Write;

use pintle::LogStderr;
use pintle_testkit::Vice;
use rustix::process::{Resource, Rlimit, Signal, getpid, kill_process, setrlimit};
use tokio::sync::Notify;

/// Has the connection closed, of a plugin that lives on.
pub(super) static CUT: Notify = Notify::const_new();

/// Has the main panic.
pub(super) static PANIC: Notify = Notify::const_new();

pub(super) async fn misbehave(vice: Vice) {
    match vice {
        Vice::ExitsMidCall => {
            let said = LogStderr.write_all(b"error: out of cheese\n");
            said.expect("the host reads it");
            std::process::exit(9)
        }
        Vice::ExitsWellMidCall => std::process::exit(0),
        Vice::KillsItself => end_by(Signal::KILL),
        Vice::Aborts => std::process::abort(),
        // The handler that looks for overflown stacks expects that a true one comes again.
        Vice::Segfaults => loop {
            end_by(Signal::SEGV);
        },
        Vice::OverflowsItsStack => drop(black_box(overflow(1))),
        Vice::ExceedsItsMemory => {
            let nothing = Rlimit {
                current: Some(1),
                maximum: Some(1),
            };
            setrlimit(Resource::As, nothing).expect("less is always allowed");
            drop(black_box(vec![1_u8; 1 << 30]));
        }
        Vice::PanicsInACall => panic!("out of cheese"),
        Vice::PanicsInMain => PANIC.notify_one(),
        Vice::StopsItself => end_by(Signal::STOP),
        Vice::ClosesItsConnection => CUT.notify_one(),
        Vice::PanicsAndHangsUp => {
            let panicked = std::thread::spawn(|| panic!("out of cheese")).join();
            panicked.expect_err("it panics");
            CUT.notify_one();
        }
        _ => unreachable!("{vice:?} does not show in a call"),
    }
    pending::<()>().await;
}

fn end_by(signal: Signal) {
    kill_process(getpid(), signal).expect("it is allowed to");
}

#[allow(unconditional_recursion, reason = "that is its vice")]
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 512]);
    overflow(depth + 1) + frame[7]
}
