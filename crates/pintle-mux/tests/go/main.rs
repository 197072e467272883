//! hashicorp/yamux under Go as the peer, in both roles.
//!
//! The peer is built from `interop/go` with the `go` on the path, which not everybody has: these
//! tests are built with the feature `go-peer` only, and without Go they then fail.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, outside of test functions too"
)]

#[path = "../it/support.rs"]
#[allow(dead_code, reason = "shared with the tests that need no Go")]
mod support;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use pintle_mux::{Config, OpenError, Session, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::process::Child;
use tokio::task::JoinSet;

use support::{echo, exchange, pattern, soon, spawn};

const STREAMS: usize = 64;
const BYTES: usize = 16 << 20;

const ROLES: [&str; 2] = ["client", "server"];

/// A Go session in the role opposite to ours.
struct Go {
    session: Session,
    tasks: JoinSet<()>,
    _child: Child,
    _directory: tempfile::TempDir,
}

/// Starts the peer.
async fn go(role: &str, close_timeout: &str, config: Config) -> Go {
    let program = program();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let child = tokio::process::Command::new(program)
        .arg(&path)
        .args([role, close_timeout])
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (read, write) = soon(listener.accept()).await.unwrap().0.into_split();
    let mut tasks = JoinSet::new();
    let session = match role {
        "client" => Session::server_from(read, write, config),
        _ => Session::client_from(read, write, config),
    };
    let session = spawn(session, &mut tasks);
    Go {
        session,
        tasks,
        _child: child,
        _directory: directory,
    }
}

fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("yamux-peer");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg("./cmd/yamux-peer")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/go"))
        .status()
        .expect("these tests need `go`");
    assert!(built.success(), "the Go peer does not build");
    program
}

impl Go {
    /// Opens a stream that tells the peer what to do with it.
    async fn ask(&self, command: u8, argument: usize) -> Stream {
        let mut stream = self.session.open().await.unwrap();
        let mut bytes = vec![command];
        bytes.extend_from_slice(&u32::try_from(argument).unwrap().to_le_bytes());
        stream.write_all(&bytes).await.unwrap();
        stream
    }

    /// The peer's answer in words.
    async fn answer(&self, command: u8, argument: usize) -> String {
        let mut stream = self.ask(command, argument).await;
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        stream.shutdown().await.unwrap();
        answer
    }

    fn echo_all(&mut self) {
        let session = self.session.clone();
        self.tasks.spawn(async move {
            let mut echoes = JoinSet::new();
            while let Some(stream) = session.accept().await {
                echoes.spawn(async { drop(echo(stream).await) });
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn go_echoes_64_streams_of_16_mib_byte_for_byte_in_either_role() {
    for role in ROLES {
        let go = go(role, "5m", Config::default()).await;
        let mut exchanges = JoinSet::new();
        for seed in 0..STREAMS {
            let stream = go.ask(b'e', 0).await;
            exchanges.spawn(async move {
                let bytes = pattern(seed, BYTES);
                assert!(
                    exchange(stream, &bytes).await == bytes,
                    "stream {seed} came back changed"
                );
            });
        }
        while let Some(result) = soon(exchanges.join_next()).await {
            result.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn we_echo_64_streams_of_16_mib_to_go_byte_for_byte_in_either_role() {
    for role in ROLES {
        let mut go = go(role, "5m", Config::default()).await;
        go.echo_all();
        assert_eq!(go.answer(b'b', BYTES).await, "equal");
    }
}

#[tokio::test]
async fn go_sees_our_end_and_answers_on_the_other_half() {
    for role in ROLES {
        let go = go(role, "5m", Config::default()).await;
        let mut stream = go.ask(b's', 0).await;
        stream.write_all(&pattern(1, 1_000_000)).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        soon(stream.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(answer, 1_000_000u64.to_le_bytes());
    }
}

#[tokio::test]
async fn a_stream_we_drop_is_a_reset_for_go() {
    for role in ROLES {
        let go = go(role, "5m", Config::default()).await;
        let mut stream = go.ask(b'e', 0).await;
        stream.write_all(b"x").await.unwrap();
        soon(stream.read_exact(&mut [0])).await.unwrap();
        drop(stream);
        soon(async { while go.answer(b'l', 0).await != "connection reset" {} }).await;
    }
}

#[tokio::test]
async fn a_reset_by_go_is_a_reset_for_us() {
    for role in ROLES {
        let go = go(role, "100ms", Config::default()).await;
        let mut stream = go.ask(b'c', 0).await;
        assert_eq!(soon(stream.read(&mut [0])).await.unwrap(), 0);
        let error = soon(async {
            loop {
                if let Err(error) = stream.write_all(b"x").await {
                    return error;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert_eq!(error.await.kind(), ErrorKind::ConnectionReset);
        assert_eq!(go.answer(b'p', 0).await, "pong");
    }
}

#[tokio::test]
async fn going_away_either_way_stops_new_streams_only() {
    for role in ROLES {
        let go = go(role, "5m", Config::default()).await;
        let echoing = go.ask(b'e', 0).await;
        let opening = go.ask(b'o', 0).await;
        assert_eq!(go.answer(b'g', 0).await, "gone");
        assert!(matches!(
            go.session.open().await,
            Err(OpenError::PeerGoingAway)
        ));
        assert_eq!(soon(exchange(echoing, b"still here")).await, b"still here");
        drop(opening);
    }
    for role in ROLES {
        let go = go(role, "5m", Config::default()).await;
        let echoing = go.ask(b'e', 0).await;
        let mut opening = go.session.open().await.unwrap();
        go.session.close();
        opening.write_all(&[b'o', 0, 0, 0, 0]).await.unwrap();
        let mut answer = String::new();
        soon(opening.read_to_string(&mut answer)).await.unwrap();
        assert_eq!(answer, "remote end is not accepting connections");
        assert_eq!(soon(exchange(echoing, b"still here")).await, b"still here");
    }
}

#[tokio::test]
async fn streams_of_go_beyond_our_limit_are_reset_and_the_session_lives() {
    for role in ROLES {
        let mut config = Config::default();
        config.max_streams = 9;
        let mut go = go(role, "5m", config).await;
        go.echo_all();
        // One of the nine is the stream that asks.
        assert_eq!(go.answer(b'n', 20).await, "8 echoed, 12 reset");
        assert_eq!(go.answer(b'p', 0).await, "pong");
    }
}

#[tokio::test]
async fn a_stream_go_does_not_read_stalls_no_other() {
    for role in ROLES {
        let go = go(role, "5m", Config::default()).await;
        let mut clogged = go.ask(b'h', 0).await;
        let clog = tokio::spawn(async move { clogged.write_all(&[0; 1 << 20]).await });
        let bytes = pattern(5, 3 << 20);
        let stream = go.ask(b'e', 0).await;
        assert!(soon(exchange(stream, &bytes)).await == bytes);
        assert!(!clog.is_finished());
    }
}
