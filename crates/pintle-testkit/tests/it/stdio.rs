//! What a plugin prints reaches the host, all of it and in order.

mod beginnings;
mod endings;
mod floods;
mod inherited;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pintle::{Grpc, Host, OutputTo, PluginCommand, Session};
use pintle_testkit::pb::{Output, Payload, PrintRequest};
use pintle_testkit::{Echo, EchoPlugin, World, eventually, noise};
use rustix::process::{Pid, Signal, kill_process};

use crate::{ROGUE, launch};

/// Where a test's host puts what it hears.
#[derive(Clone, Default)]
struct Heard {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Heard {
    fn output(&self) -> OutputTo {
        let heard = self.clone();
        OutputTo::each(move |chunk| heard.push(chunk))
    }

    fn push(&self, chunk: &[u8]) {
        self.bytes.lock().unwrap().extend_from_slice(chunk);
    }

    fn has(&self, end: &[u8]) -> bool {
        self.bytes.lock().unwrap().ends_with(end)
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.bytes.lock().unwrap())
    }
}

/// A host that keeps the plugin's stdout, stderr, and the lines of its log.
fn listening(world: &World) -> (Host, [Heard; 3]) {
    let heard: [Heard; 3] = Default::default();
    let log = heard[2].clone();
    let host = world
        .host()
        .stdout(heard[0].output())
        .stderr(heard[1].output())
        .on_log(move |entry| log.push(format!("{}\n", entry.message).as_bytes()));
    (host, heard)
}

async fn print(echo: &Echo, to: Output, bytes: &[u8], times: u32) {
    let request = PrintRequest {
        to: to.into(),
        bytes: bytes.to_vec(),
        times,
    };
    echo.calls.clone().print(request).await.unwrap();
}

/// Tells a plugin that waits for it to begin.
fn begin(session: &Session) {
    let pid = Pid::from_raw(session.pid().unwrap() as i32).unwrap();
    kill_process(pid, Signal::USR1).unwrap();
}

/// The rogue in one of its modes.
type Command = fn(&Host, &str) -> PluginCommand;

/// Under a host that reads the pipes.
const PIPED: Command = |host, mode| host.command(ROGUE).args(mode.split_whitespace());

/// Under a host that does not say that it reads the pipes.
const CAPTURED: Command = |host, mode| {
    let without = ["-u", "PINTLE_STDIO", ROGUE];
    let args = without.into_iter().chain(mode.split_whitespace());
    host.command("env").args(args)
};

#[tokio::test]
async fn a_mebibyte_of_each_output_arrives_byte_for_byte() {
    const PIECES: usize = 16;
    const PIECE_BYTES: usize = 64 * 1024;
    let world = World::new(ROGUE);
    let (host, [stdout, stderr, _]) = listening(&world);
    let (session, echo) = launch(&world, &host, "well").await;
    let out = noise(1, PIECES * PIECE_BYTES);
    let err = noise(2, PIECES * PIECE_BYTES);
    let all = async |to, bytes: &[u8]| {
        for piece in bytes.chunks(PIECE_BYTES) {
            print(&echo, to, piece, 1).await;
        }
    };
    tokio::join!(all(Output::Stdout, &out), all(Output::Stderr, &err));
    session.close().await.unwrap();
    // Not assert_eq: nobody wants to read a mebibyte.
    assert!(stdout.take() == out, "stdout differs");
    assert!(stderr.take() == err, "stderr differs");
}

#[tokio::test]
async fn a_debug_line_before_the_handshake_is_forgiven_and_delivered() {
    let world = World::new(ROGUE);
    let (host, [stdout, ..]) = listening(&world);
    let (session, echo) = launch(&world, &host, "debug-line-first").await;
    assert_eq!(stdout.take(), b"debug: I am up\n");
    print(&echo, Output::Stdout, b"and on", 1).await;
    session.close().await.unwrap();
    assert_eq!(stdout.take(), b"and on");
}

#[tokio::test]
async fn what_is_printed_right_before_the_end_is_delivered() {
    let world = World::new(ROGUE);
    let (host, [stdout, stderr, log]) = listening(&world);
    let (session, echo) = launch(&world, &host, "speaks-last").await;
    print(&echo, Output::Stdout, b"almost\n", 1).await;
    print(&echo, Output::Stderr, b"nearly\n", 1).await;
    session.close().await.unwrap();
    let text = |heard: &Heard| String::from_utf8(heard.take()).unwrap();
    assert_eq!(text(&stdout), "almost\nthe end of stdout\n");
    assert_eq!(text(&stderr), "nearly\nthe end of stderr\n");
    assert_eq!(text(&log), "");
}

#[tokio::test]
async fn floods_of_output_and_log_do_not_block_calls_nor_the_end() {
    let world = World::new(ROGUE);
    let host = world
        .host()
        .stderr(OutputTo::Discard)
        .on_log(|_| {})
        .close_timeout(Duration::from_secs(20));
    let (session, echo) = launch(&world, &host, "floods-stderr").await;
    for number in 0..100_u32 {
        let bytes = number.to_be_bytes().to_vec();
        let answer = echo
            .calls
            .clone()
            .repeat(Payload {
                bytes: bytes.clone(),
            })
            .await;
        assert_eq!(answer.unwrap().into_inner().bytes, bytes);
    }
    session.close().await.unwrap();
}

#[tokio::test]
async fn ten_mebibytes_without_a_newline_pass_in_pieces() {
    const PIECE_BYTES: usize = 64 * 1024;
    let world = World::new(ROGUE);
    let (host, [stdout, stderr, _]) = listening(&world);
    let (session, echo) = launch(&world, &host, "well").await;
    for to in [Output::Stdout, Output::Stderr] {
        print(&echo, to, &[b'x'; PIECE_BYTES], 160).await;
    }
    session.close().await.unwrap();
    for heard in [stdout, stderr] {
        assert!(heard.take() == vec![b'x'; 160 * PIECE_BYTES]);
    }
    let last_words = session.closed().await;
    assert!(last_words.stderr().iter().all(|line| line.len() <= 1024));
}

/// As of a plugin in another language: what it writes to its real stderr is its log, whatever it is.
#[tokio::test]
async fn a_log_line_of_any_length_passes_in_pieces() {
    const PIECE_BYTES: usize = 64 * 1024;
    let world = World::new(ROGUE);
    let (host, [_, stderr, log]) = listening(&world);
    let session = CAPTURED(&host, "well").launch(Grpc).await.unwrap();
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    print(&echo, Output::Log, &[b'x'; PIECE_BYTES], 160).await;
    session.close().await.unwrap();
    let heard = log.take().iter().filter(|byte| **byte == b'x').count();
    assert_eq!((heard, stderr.take().len()), (160 * PIECE_BYTES, 0));
}

#[tokio::test]
async fn what_others_print_for_a_plugin_is_its_own() {
    let world = World::new(ROGUE);
    for command in [PIPED, CAPTURED] {
        let (host, [stdout, stderr, log]) = listening(&world);
        let session = command(&host, "prints-by-others")
            .launch(Grpc)
            .await
            .unwrap();
        begin(&session);
        eventually("it has printed", || log.has(b"printed\n")).await;
        session.close().await.unwrap();
        for heard in [stdout, stderr] {
            let text = String::from_utf8(heard.take()).unwrap();
            assert_eq!(text, "by its number by a child by the library");
        }
    }
}

#[tokio::test]
async fn entries_of_the_log_are_found_within_lines_that_are_not_ended() {
    let world = World::new(ROGUE);
    for command in [PIPED, CAPTURED] {
        let (host, [_, stderr, log]) = listening(&world);
        let mode = "mixes-log-and-output 3000";
        let session = command(&host, mode).launch(Grpc).await.unwrap();
        begin(&session);
        eventually("it has printed", || log.has(b"mixed\n")).await;
        session.close().await.unwrap();
        let [entries, pieces] = ["\n", ","].map(|end| {
            let all = (0..3000).map(|number| format!("{number}{end}"));
            all.collect::<String>()
        });
        assert!(
            log.take() == (entries + "mixed\n").into_bytes(),
            "the log differs"
        );
        assert!(stderr.take() == pieces.into_bytes(), "stderr differs");
    }
}
