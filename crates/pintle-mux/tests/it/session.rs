//! Life and end of sessions.

use std::time::Duration;

use pintle_mux::{Config, OpenError, Session, SessionEnd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use crate::support::{echo, exchange, pair, pair_with, pattern, soon, spawn};

#[tokio::test]
async fn an_open_reaches_the_peer_without_a_write() {
    let pair = pair();
    let opened = soon(pair.client.open()).await.unwrap();
    let accepted = soon(pair.server.accept()).await.unwrap();
    assert_eq!(opened.id(), accepted.id());
}

#[tokio::test]
async fn streams_are_accepted_in_the_order_they_were_opened() {
    let pair = pair();
    let mut opened = Vec::new();
    for _ in 0..200 {
        opened.push(pair.client.open().await.unwrap());
    }
    for stream in &opened {
        assert_eq!(soon(pair.server.accept()).await.unwrap().id(), stream.id());
    }
}

#[tokio::test]
async fn dropping_an_accept_loses_no_stream() {
    let pair = pair();
    for _ in 0..50 {
        let waiting = tokio::time::timeout(Duration::ZERO, pair.server.accept());
        assert!(waiting.await.is_err());
        let opened = pair.client.open().await.unwrap();
        assert_eq!(soon(pair.server.accept()).await.unwrap().id(), opened.id());
    }
}

#[tokio::test]
async fn both_sides_may_open_and_a_stream_lives_on_while_the_session_closes() {
    let pair = pair();
    let (near, far) = pair.stream().await;
    let other = pair.server.open().await.unwrap();
    assert_eq!((near.id() % 2, other.id() % 2), (1, 0));
    let mut other_end = soon(pair.client.accept()).await.unwrap();
    pair.client.close();
    assert!(matches!(pair.client.open().await, Err(OpenError::Closing)));
    let echoing = tokio::spawn(echo(far));
    assert_eq!(soon(exchange(near, b"still here")).await, b"still here");
    soon(echoing).await.unwrap().unwrap();
    drop(other);
    let _ = other_end.read(&mut [0]).await;
    drop(other_end);
    assert!(matches!(
        soon(pair.client.closed()).await,
        SessionEnd::Closed
    ));
    assert!(matches!(
        soon(pair.server.closed()).await,
        SessionEnd::PeerClosed
    ));
}

#[tokio::test]
async fn a_peer_that_goes_away_takes_no_new_streams() {
    let pair = pair();
    let (near, _far) = pair.stream().await;
    pair.server.close();
    let refused = soon(async {
        loop {
            match pair.client.open().await {
                Ok(stream) => drop(stream),
                Err(error) => return error,
            }
            tokio::task::yield_now().await;
        }
    });
    assert!(matches!(refused.await, OpenError::PeerGoingAway));
    assert!(!near.is_reset());
}

#[tokio::test]
async fn the_last_handle_dropped_closes_the_session() {
    let mut pair = pair();
    drop((pair.client, pair.server));
    soon(async { while pair.drivers.join_next().await.is_some() {} }).await;
}

#[tokio::test]
async fn aborting_fails_what_is_open_on_both_sides() {
    let pair = pair();
    let (mut near, mut far) = pair.stream().await;
    pair.client.abort();
    assert!(matches!(
        soon(pair.client.closed()).await,
        SessionEnd::Aborted
    ));
    assert!(soon(near.read(&mut [0])).await.is_err());
    assert!(soon(far.read(&mut [0])).await.is_err());
    assert!(near.write(&[0]).await.is_err());
    assert!(soon(pair.server.accept()).await.is_none());
}

#[tokio::test]
async fn dropping_the_driver_ends_the_session_and_closes_the_connection() {
    let (a, mut b) = UnixStream::pair().unwrap();
    let (session, driver) = Session::client(a, Config::default());
    let mut stream = session.open().await.unwrap();
    drop(driver);
    assert!(matches!(
        soon(session.closed()).await,
        SessionEnd::DriverDropped
    ));
    assert!(stream.write(&[0]).await.is_err());
    assert_eq!(
        soon(b.read(&mut [0])).await.unwrap(),
        0,
        "nobody holds the socket open"
    );
}

#[tokio::test]
async fn what_arrived_before_the_connection_closed_is_read_to_its_end() {
    let (a, b) = UnixStream::pair().unwrap();
    let mut drivers = JoinSet::new();
    let server = spawn(Session::server(b, Config::default()), &mut drivers);
    let (client, driver) = Session::client(a, Config::default());
    let running = tokio::spawn(driver);
    let mut stream = client.open().await.unwrap();
    let bytes = pattern(1, 200_000);
    stream.write_all(&bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    drop((stream, client));
    soon(running).await.unwrap();
    let mut accepted = soon(server.accept()).await.unwrap();
    let mut read = Vec::new();
    soon(accepted.read_to_end(&mut read)).await.unwrap();
    assert_eq!(read, bytes);
    assert!(soon(server.accept()).await.is_none());
}

#[tokio::test]
async fn a_connection_cut_off_is_an_error_on_every_stream_and_never_an_end() {
    let (a, b) = UnixStream::pair().unwrap();
    let mut drivers = JoinSet::new();
    let server = spawn(Session::server(b, Config::default()), &mut drivers);
    let (client, driver) = Session::client(a, Config::default());
    let running = tokio::spawn(driver);
    let mut stream = client.open().await.unwrap();
    stream.write_all(b"half").await.unwrap();
    let mut accepted = soon(server.accept()).await.unwrap();
    running.abort();
    let mut read = Vec::new();
    assert!(soon(accepted.read_to_end(&mut read)).await.is_err());
    assert_eq!(read, b"half");
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_ends_the_session_after_one_unanswered_ping() {
    let (a, _held) = tokio::io::duplex(1 << 16);
    let mut drivers = JoinSet::new();
    let client = spawn(Session::client(a, Config::default()), &mut drivers);
    let start = tokio::time::Instant::now();
    assert!(matches!(
        client.closed().await,
        SessionEnd::KeepaliveTimeout
    ));
    let config = Config::default();
    let expected = config.keepalive_interval.unwrap() + config.keepalive_timeout;
    assert!(start.elapsed() >= expected && start.elapsed() < expected + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_is_kept_alive_by_answered_pings() {
    let (a, b) = tokio::io::duplex(1 << 16);
    let mut drivers = JoinSet::new();
    let client = spawn(Session::client(a, Config::default()), &mut drivers);
    let _server = spawn(Session::server(b, Config::default()), &mut drivers);
    let ended = tokio::time::timeout(Duration::from_secs(600), client.closed()).await;
    assert!(ended.is_err());
    assert!(client.counters().rtt.is_some());
}

#[tokio::test]
async fn a_session_is_idle_until_a_stream_exists_and_after_it_is_gone() {
    let pair = pair();
    assert!(pair.client.is_idle());
    let (near, far) = pair.stream().await;
    assert!(!pair.client.is_idle() && !pair.server.is_idle());
    drop(near);
    drop(far);
    soon(async {
        while !(pair.client.is_idle() && pair.server.is_idle()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(pair.client.counters().opened, 1);
    assert_eq!(pair.server.counters().accepted, 1);
}

#[tokio::test]
async fn opens_beyond_the_limit_fail_and_room_comes_back() {
    let mut config = Config::default();
    config.max_streams = 2;
    let pair = pair_with(config, Config::default());
    let first = pair.client.open().await.unwrap();
    let _second = pair.client.open().await.unwrap();
    assert!(matches!(
        pair.client.open().await,
        Err(OpenError::TooManyStreams)
    ));
    drop(first);
    pair.client.open().await.unwrap();
}
