//! Peers that mean harm, played byte by byte.

use pintle_mux::{Config, FrameError, ProtocolError, Session, SessionEnd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use crate::support::{soon, spawn};

const SYN: u16 = 1;
const RST: u16 = 8;

fn frame(kind: u8, flags: u16, stream: u32, length: u32) -> Vec<u8> {
    let mut bytes = vec![0, kind];
    bytes.extend_from_slice(&flags.to_be_bytes());
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes
}

struct Victim {
    session: Session,
    peer: UnixStream,
    _drivers: JoinSet<()>,
}

fn victim() -> Victim {
    let (a, peer) = UnixStream::pair().unwrap();
    let mut drivers = JoinSet::new();
    let session = spawn(Session::server(a, Config::default()), &mut drivers);
    Victim {
        session,
        peer,
        _drivers: drivers,
    }
}

#[track_caller]
fn protocol_error(end: SessionEnd) -> ProtocolError {
    match end {
        SessionEnd::Protocol(error) => error,
        other => panic!("expected a protocol error, got {other:?}"),
    }
}

#[tokio::test]
async fn another_protocol_is_named_and_told_to_go_away() {
    let mut victim = victim();
    victim
        .peer
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let error = protocol_error(soon(victim.session.closed()).await);
    assert_eq!(error, ProtocolError::Frame(FrameError::Version(b'G')));
    let mut answer = Vec::new();
    let _ = soon(victim.peer.read_to_end(&mut answer)).await;
    assert_eq!(answer, frame(3, 0, 0, 1));
}

#[tokio::test]
async fn a_frame_of_four_gibibytes_takes_no_memory() {
    let mut victim = victim();
    victim
        .peer
        .write_all(&frame(0, SYN, 1, u32::MAX))
        .await
        .unwrap();
    let error = protocol_error(soon(victim.session.closed()).await);
    assert_eq!(
        error,
        ProtocolError::FrameTooLarge {
            stream: 1,
            length: u32::MAX
        }
    );
}

#[tokio::test]
async fn a_window_overrun_is_named() {
    let mut victim = victim();
    victim
        .peer
        .write_all(&frame(0, SYN, 1, (256 << 10) + 1))
        .await
        .unwrap();
    let error = protocol_error(soon(victim.session.closed()).await);
    assert!(matches!(
        error,
        ProtocolError::WindowExceeded { stream: 1, .. }
    ));
}

#[tokio::test]
async fn a_ping_flood_by_a_peer_that_never_reads_ends_with_a_reason() {
    let mut victim = victim();
    let flood = frame(2, SYN, 0, 7).repeat(1000);
    let flooding = async { while victim.peer.write_all(&flood).await.is_ok() {} };
    let end = soon(async {
        tokio::select! {
            end = victim.session.closed() => end,
            () = flooding => victim.session.closed().await,
        }
    });
    assert_eq!(protocol_error(end.await), ProtocolError::AnswersUnread);
}

#[tokio::test]
async fn a_flood_of_opens_is_refused_beyond_the_backlog_and_the_session_lives() {
    let mut victim = victim();
    for id in 0..1000 {
        victim
            .peer
            .write_all(&frame(1, SYN, 2 * id + 1, 0))
            .await
            .unwrap();
    }
    soon(async {
        while victim.session.counters().refused < 1000 - 256 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(victim.session.counters().streams, 256);
    let mut refusal = [0; 12];
    soon(victim.peer.read_exact(&mut refusal)).await.unwrap();
    assert_eq!(refusal[..], frame(1, RST, 2 * 256 + 1, 0));
}

#[tokio::test]
async fn a_storm_of_opens_and_resets_leaves_nothing_behind() {
    let mut victim = victim();
    let accepting = tokio::spawn({
        let session = victim.session.clone();
        async move { while session.accept().await.is_some() {} }
    });
    let (mut read, mut write) = victim.peer.split();
    let storm = async {
        for id in 0..20_000 {
            let both = [frame(1, SYN, 2 * id + 1, 0), frame(1, RST, 2 * id + 1, 0)].concat();
            write.write_all(&both).await.unwrap();
        }
    };
    let mut answers = vec![0; 1 << 16];
    soon(async {
        tokio::select! {
            () = storm => {}
            _ = async { while read.read(&mut answers).await.unwrap() > 0 {} } => {}
        }
    })
    .await;
    soon(async {
        while !victim.session.is_idle() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(victim.peer);
    soon(accepting).await.unwrap();
}

#[tokio::test]
async fn a_payload_that_never_ends_is_only_waited_for() {
    let mut victim = victim();
    victim
        .peer
        .write_all(&frame(0, SYN, 1, 200_000))
        .await
        .unwrap();
    victim.peer.write_all(&[1; 100]).await.unwrap();
    let mut stream = soon(victim.session.accept()).await.unwrap();
    let mut some = [0; 100];
    soon(stream.read_exact(&mut some)).await.unwrap();
    drop(victim.peer);
    assert!(soon(stream.read(&mut some)).await.is_err());
    assert!(matches!(
        soon(victim.session.closed()).await,
        SessionEnd::Io(_)
    ));
}

/// So many pings of its own does it send, and not one answer, before it falls silent.
#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_and_never_answers_a_ping_is_given_up_when_it_falls_silent() {
    const PINGS: u32 = 100;
    let mut victim = victim();
    let config = Config::default();
    let start = tokio::time::Instant::now();
    for value in 0..PINGS {
        let ping = frame(2, SYN, 0, value);
        victim.peer.write_all(&ping).await.unwrap();
        let ended = tokio::time::timeout(config.keepalive_timeout / 2, victim.session.closed());
        assert!(ended.await.is_err(), "after {value} pings");
    }
    let end = victim.session.closed().await;
    assert!(matches!(end, SessionEnd::KeepaliveTimeout), "{end:?}");
    let sending = PINGS * config.keepalive_timeout / 2;
    assert!(start.elapsed() <= sending + 2 * config.keepalive_timeout);
}
