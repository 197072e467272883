//! What a plugin prints reaches the host, all of it and in order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pintle::{Host, OutputTo};
use pintle_testkit::pb::{Output, Payload, PrintRequest};
use pintle_testkit::{Echo, World};

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

/// Bytes of every value, never the same twice in a row, different for each seed.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(&mut next)
        .take(length.div_ceil(4))
        .flatten()
        .collect();
    bytes.truncate(length);
    bytes
}

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
    assert_eq!(text(&stderr), "nearly\n");
    // Once it no longer serves, a plugin's stderr is where its log was.
    assert_eq!(text(&log), "the end of stderr\n");
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
    let (host, [_, stderr, log]) = listening(&world);
    let (session, echo) = launch(&world, &host, "well").await;
    for to in [Output::Stderr, Output::Log] {
        print(&echo, to, &[b'x'; PIECE_BYTES], 160).await;
    }
    session.close().await.unwrap();
    let count = |heard: &Heard| heard.take().iter().filter(|byte| **byte == b'x').count();
    assert_eq!(
        (count(&stderr), count(&log)),
        (160 * PIECE_BYTES, 160 * PIECE_BYTES)
    );
    let last_words = session.closed().await;
    assert!(last_words.stderr().iter().all(|line| line.len() <= 1024));
}
