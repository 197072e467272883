//! What is passed on to the host's own outputs, taken by somebody or by nobody.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pintle::{Grpc, OutputTo};
use pintle_testkit::pb::Payload;
use pintle_testkit::{EchoPlugin, Flood, World, eventually};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stderr;
use tokio::time::timeout;
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::{CAPTURED, Heard, PIPED, begin};
use crate::ROGUE;

/// Says to a test that it is run once more, as a host with a stderr that the test has the other end of.
const VARIABLE: &str = "PINTLE_TESTKIT_INHERITED";

fn is_host() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

fn host(test: &str) -> Command {
    let mut host = Command::new(std::env::current_exe().unwrap());
    host.args([&format!("stdio::inherited::{test}"), "--exact"])
        .arg("--nocapture")
        .env(VARIABLE, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    host
}

/// How much the warning says was not taken.
static UNTAKEN_BYTES: AtomicU64 = AtomicU64::new(0);

struct Untaken;

impl<S: tracing::Subscriber> Layer<S> for Untaken {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut Untaken);
    }
}

impl Visit for Untaken {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if ["lost_bytes", "waiting_bytes"].contains(&field.name()) {
            UNTAKEN_BYTES.fetch_add(value, Ordering::Relaxed);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

fn stderr_is_full() -> bool {
    let mut stderr = [PollFd::from_borrowed_fd(stderr(), PollFlags::OUT)];
    poll(&mut stderr, Some(&Timespec::default())).unwrap() == 0
}

/// On a runtime with a single thread.
#[tokio::test]
async fn a_stderr_that_nobody_reads_keeps_neither_calls_nor_the_end_waiting() {
    let test = "a_stderr_that_nobody_reads_keeps_neither_calls_nor_the_end_waiting";
    if is_host() {
        tracing_subscriber::registry().with(Untaken).init();
        for command in [PIPED, CAPTURED] {
            let world = World::new(ROGUE);
            let host = world
                .host()
                .stdout(OutputTo::Discard)
                .stderr(OutputTo::Inherit)
                .on_log(|_| {})
                .close_timeout(Duration::from_secs(1))
                .terminate_timeout(Duration::from_secs(1));
            let session = command(&host, "floods-outputs 8000000").launch(Grpc).await;
            let session = session.unwrap();
            let echo = session.dispense::<EchoPlugin>().await.unwrap();
            begin(&session);
            eventually("it is full", stderr_is_full).await;
            for number in 0..100_u32 {
                let bytes = number.to_be_bytes().to_vec();
                let payload = Payload {
                    bytes: bytes.clone(),
                };
                let answer = echo.calls.clone().repeat(payload).await;
                assert_eq!(answer.unwrap().into_inner().bytes, bytes);
            }
            let begin = Instant::now();
            // A plugin that waits for its output to be taken may have to be killed.
            let _ = session.close().await;
            assert!(begin.elapsed() < Duration::from_secs(10));
            let untaken = UNTAKEN_BYTES.swap(0, Ordering::Relaxed);
            assert!(untaken > 0, "nobody is told of it");
        }
        return;
    }
    let mut host = tokio::process::Command::from(host(test));
    let mut host = host.kill_on_drop(true).spawn().unwrap();
    let unread = host.stderr.take();
    let exit = timeout(Duration::from_secs(60), host.wait()).await;
    let exit = exit.expect("the host ends").unwrap();
    assert!(exit.success(), "{exit}");
    drop(unread);
}

#[tokio::test]
async fn all_that_is_printed_is_passed_on_in_order_before_the_session_has_ended() {
    const BYTES: usize = 8_000_000;
    let test = "all_that_is_printed_is_passed_on_in_order_before_the_session_has_ended";
    if is_host() {
        let world = World::new(ROGUE);
        let log = Heard::default();
        let entries = log.clone();
        let host = world
            .host()
            .stdout(OutputTo::Discard)
            .stderr(OutputTo::Inherit)
            .on_log(move |entry| entries.push(entry.message.as_bytes()));
        for command in [PIPED, CAPTURED] {
            let session = command(&host, &format!("floods-outputs {BYTES}"));
            let session = session.launch(Grpc).await.unwrap();
            begin(&session);
            eventually("all is printed", || log.has(b"flooded")).await;
            session.close().await.unwrap();
            log.take();
        }
        // Nothing that is under way is waited for.
        std::process::exit(0);
    }
    let mut host = host(test).spawn().unwrap();
    let mut stderr = host.stderr.take().unwrap();
    let mut passed_on = Vec::new();
    stderr.read_to_end(&mut passed_on).unwrap();
    assert!(host.wait().unwrap().success());
    let flood = Flood::new(2).next(BYTES);
    // Not assert_eq: nobody wants to read all of it.
    assert!(passed_on == [&flood[..], &flood[..]].concat());
}
