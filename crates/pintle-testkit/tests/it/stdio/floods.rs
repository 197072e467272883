//! More than fits anywhere.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pintle::{Grpc, OutputTo};
use pintle_testkit::pb::Payload;
use pintle_testkit::{EchoPlugin, Flood, HANDSHAKE, World, eventually, is_long};
use rustix::process::{Pid, Signal, kill_process};

use super::{CAPTURED, Command, Heard, PIPED, begin};
use crate::ROGUE;

/// How much each output is flooded with.
fn flood_bytes() -> u64 {
    let mebibytes = if is_long() { 1024 } else { 32 };
    mebibytes * 1024 * 1024
}

/// Takes a flood in, and compares it with what it should be.
#[derive(Clone)]
struct Compared {
    flood: Arc<Mutex<Flood>>,
}

impl Compared {
    fn with(seed: u32) -> Self {
        let flood = Arc::new(Mutex::new(Flood::new(seed)));
        Self { flood }
    }

    fn output(&self) -> OutputTo {
        let flood = Arc::clone(&self.flood);
        OutputTo::each(move |chunk| {
            let mut flood = flood.lock().unwrap();
            let at = flood.bytes();
            // Not assert_eq: nobody wants to read all of it.
            assert!(
                flood.next(chunk.len()) == chunk,
                "it differs after {at} bytes"
            );
        })
    }

    fn bytes(&self) -> u64 {
        self.flood.lock().unwrap().bytes()
    }
}

async fn flooded_on_both_outputs_a_host_goes_on_calling(command: Command) {
    let world = World::new(ROGUE);
    let [stdout, stderr] = [1, 2].map(Compared::with);
    let log = Heard::default();
    let entries = log.clone();
    let host = world
        .host()
        .stdout(stdout.output())
        .stderr(stderr.output())
        .close_timeout(Duration::from_secs(20))
        .on_log(move |entry| entries.push(entry.message.as_bytes()));
    let mode = format!("floods-outputs {}", flood_bytes());
    let session = command(&host, &mode).launch(Grpc).await.unwrap();
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    begin(&session);
    let mut calls = 0_u64;
    while !log.has(b"flooded") {
        let bytes = calls.to_be_bytes().to_vec();
        let payload = Payload {
            bytes: bytes.clone(),
        };
        let answer = echo.calls.clone().repeat(payload).await;
        assert_eq!(answer.unwrap().into_inner().bytes, bytes);
        calls += 1;
    }
    session.close().await.unwrap();
    assert_eq!([stdout.bytes(), stderr.bytes()], [flood_bytes(); 2]);
    println!("{calls} calls meanwhile");
    // One or two would be made though each waited for the flood to be over.
    assert!(calls >= 10, "only {calls}");
}

#[tokio::test]
async fn a_flood_of_both_pipes_arrives_byte_for_byte_while_calls_go_on() {
    flooded_on_both_outputs_a_host_goes_on_calling(PIPED).await;
}

#[tokio::test]
async fn a_flood_of_both_captured_outputs_arrives_byte_for_byte_while_calls_go_on() {
    flooded_on_both_outputs_a_host_goes_on_calling(CAPTURED).await;
}

#[tokio::test]
async fn a_queue_that_nobody_empties_loses_and_counts_and_keeps_nobody_waiting() {
    const CAPACITY_BYTES: usize = 100_000;
    let bytes = 8 * 1024 * 1024;
    let world = World::new(ROGUE);
    let log = Heard::default();
    let entries = log.clone();
    let (to, mut queue) = OutputTo::queue(CAPACITY_BYTES);
    let host = world
        .host()
        .stdout(to)
        .stderr(OutputTo::Discard)
        .on_log(move |entry| entries.push(entry.message.as_bytes()));
    let mode = format!("floods-outputs {bytes}");
    let session = PIPED(&host, &mode).launch(Grpc).await.unwrap();
    drop(host);
    begin(&session);
    eventually("all is written", || log.has(b"flooded")).await;
    session.close().await.unwrap();
    drop(session);
    let first = queue.next().await.unwrap();
    assert!(first == Flood::new(1).next(CAPACITY_BYTES));
    assert_eq!(queue.dropped_bytes(), bytes - CAPACITY_BYTES as u64);
    assert_eq!(queue.next().await, None);
}

/// A plugin that was started by a program which only reads its pipes.
fn unheard(mode: &str) -> Child {
    std::process::Command::new(ROGUE)
        .args(mode.split_whitespace())
        .env(HANDSHAKE.cookie_key(), HANDSHAKE.cookie_value())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn what_no_host_takes_is_counted_and_told_in_the_log() {
    const OUTPUT_BYTES: u64 = 6 * 1024 * 1024;
    let mut plugin = unheard(&format!("floods-outputs {OUTPUT_BYTES}"));
    let pid = Pid::from_raw(plugin.id() as i32).unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(plugin.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("1|"), "{line}");
    let mut log = BufReader::new(plugin.stderr.take().unwrap());
    kill_process(pid, Signal::USR1).unwrap();
    let mut flooded = String::new();
    log.read_line(&mut flooded).unwrap();
    assert!(flooded.contains("flooded"), "{flooded}");
    kill_process(pid, Signal::TERM).unwrap();
    let mut told = String::new();
    log.read_to_string(&mut told).unwrap();
    assert!(plugin.wait().unwrap().success());
    assert_eq!(told.lines().count(), 1, "{told}");
    let lost = told.split("\"lost_bytes\":").nth(1).unwrap();
    let lost: u64 = lost.trim_end_matches("}\n").parse().unwrap();
    let queued = 2 * OUTPUT_BYTES - lost;
    let limit = 4 * 1024 * 1024;
    assert!(queued <= limit && queued > limit - 64 * 1024, "{told}");
}
