//! What a plugin prints before its end, and what it prints when nobody listens any more.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use pintle::{Exit, Grpc};
use pintle_testkit::pb::Output;
use pintle_testkit::{EchoPlugin, Flood, HANDSHAKE, World, eventually, has_ended};
use rustix::process::Pid;

use super::{CAPTURED, PIPED, begin, listening, print};
use crate::ROGUE;

/// What the host had no time to read is in the kernel's hands.
#[tokio::test]
async fn the_last_words_of_a_plugin_that_aborts_or_is_killed_are_heard() {
    let world = World::new(ROGUE);
    for signal in [6, 9, 11] {
        let (host, [stdout, stderr, _]) = listening(&world);
        let mode = format!("prints-and-dies {signal}");
        let session = PIPED(&host, &mode).launch(Grpc).await.unwrap();
        begin(&session);
        let closed = session.closed().await;
        assert_eq!(closed.exit(), Some(Exit::Signal(signal)));
        assert!(
            stdout.take() == Flood::new(1).next(60_000),
            "stdout differs"
        );
        assert!(
            stderr.take() == Flood::new(2).next(60_000),
            "stderr differs"
        );
    }
}

#[tokio::test]
async fn nothing_is_lost_by_a_plugin_that_ends_in_good_order() {
    let world = World::new(ROGUE);
    for run in 0..10 {
        let (host, [stdout, stderr, _]) = listening(&world);
        for command in [PIPED, CAPTURED] {
            let session = command(&host, "speaks-last").launch(Grpc).await.unwrap();
            session.close().await.unwrap();
            assert_eq!(stdout.take(), b"the end of stdout\n", "run {run}");
        }
        // Where outputs are captured, what comes after serving is the log's.
        assert_eq!(stderr.take(), b"the end of stderr\n", "run {run}");
    }
}

/// Whichever way outputs go: once by the report for hosts, and once by the program's own hook.
#[tokio::test]
async fn a_panic_is_told_once_in_the_log_and_once_on_stderr() {
    let world = World::new(ROGUE);
    for (command, may_be_lost) in [(PIPED, false), (CAPTURED, true)] {
        let (host, [_, stderr, log]) = listening(&world);
        let session = command(&host, "panics").launch(Grpc).await.unwrap();
        let closed = session.closed().await;
        let panicked = closed.panicked().expect("it panicked");
        let place = panicked.place().expect("it told the place");
        let log = String::from_utf8(log.take()).unwrap();
        let expected = format!(
            "panic: {}\n\nthread 'main' at {place}\n",
            panicked.message()
        );
        assert_eq!(log, expected);
        // Captured output is lost by a process that ends so soon.
        let stderr = String::from_utf8(stderr.take()).unwrap();
        let told = stderr.matches("out of cheese").count();
        assert!(told == 1 || (may_be_lost && told == 0), "{stderr}");
    }
}

/// Captured output is given up to the host before the plugin ends.
#[tokio::test]
async fn what_is_captured_when_the_plugin_is_told_to_end_is_sent() {
    let world = World::new(ROGUE);
    for _ in 0..10 {
        let (host, [stdout, ..]) = listening(&world);
        let session = CAPTURED(&host, "well").launch(Grpc).await.unwrap();
        let echo = session.dispense::<EchoPlugin>().await.unwrap();
        print(&echo, Output::Stdout, &[b'x'; 1000], 300).await;
        session.close().await.unwrap();
        assert!(stdout.take() == vec![b'x'; 300_000]);
    }
}

/// What a plugin says of its end. `orphan` leaves one without its host, and gives its number.
///
/// It has 2 seconds for that, which on a busy machine may not do: another is tried then.
async fn word_of(orphan: impl Fn(&std::path::Path) -> Pid) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("word");
    for _ in 0..5 {
        let plugin = orphan(&path);
        eventually("the plugin has ended", || has_ended(plugin)).await;
        match fs::read_to_string(&path) {
            Ok(word) => return word,
            Err(_) => continue,
        }
    }
    panic!("it never ended in good order");
}

fn pid(text: &str) -> Pid {
    Pid::from_raw(text.trim().parse().unwrap()).unwrap()
}

/// A plugin for which SIGPIPE was made deadly, and whose child is no exception to what programs
/// expect of it.
const IN_GOOD_ORDER: &str = "served Ok(()), log Err(BrokenPipe), child Some(13)";

#[tokio::test]
async fn a_plugin_whose_host_went_away_prints_to_nobody_and_ends_in_good_order() {
    let word = word_of(|path| {
        let mut host = Command::new(ROGUE)
            .arg("hosts-one")
            .env("ROGUE_WORD", path)
            // What a host that is killed leaves behind goes with this.
            .env("TMPDIR", path.parent().unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        host.kill().unwrap();
        host.wait().unwrap();
        pid(line.strip_prefix("launched ").unwrap())
    });
    assert_eq!(word.await, IN_GOOD_ORDER);
}

#[tokio::test]
async fn a_plugin_whose_foreign_host_went_away_prints_to_nobody_and_ends_in_good_order() {
    let sockets = tempfile::tempdir().unwrap();
    let word = word_of(|path| {
        let mut host = Command::new("sh")
            .args(["-c", "\"$0\" speaks-to-nobody & echo $! >&2; wait", ROGUE])
            .env(HANDSHAKE.cookie_key(), HANDSHAKE.cookie_value())
            .env("PLUGIN_UNIX_SOCKET_DIR", sockets.path())
            .env("ROGUE_WORD", path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        assert!(line.starts_with("1|"), "{line}");
        let mut log = BufReader::new(host.stderr.take().unwrap()).lines();
        let plugin = pid(&log.next().unwrap().unwrap());
        drop((lines, log));
        host.kill().unwrap();
        host.wait().unwrap();
        plugin
    });
    assert_eq!(word.await, IN_GOOD_ORDER);
}
