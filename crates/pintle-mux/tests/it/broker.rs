//! Rendezvous by id.

use std::io::ErrorKind;
use std::time::Duration;

use pintle_mux::{BrokerConfig, BrokerError, MuxBroker, SessionEnd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::support::{Pair, pair, soon};

struct Brokers {
    near: MuxBroker,
    far: MuxBroker,
    pair: Pair,
    _running: JoinSet<SessionEnd>,
}

fn brokers() -> Brokers {
    let pair = pair();
    let mut running = JoinSet::new();
    let (near, run) = MuxBroker::new(pair.client.clone(), BrokerConfig::default());
    running.spawn(run);
    let (far, run) = MuxBroker::new(pair.server.clone(), BrokerConfig::default());
    running.spawn(run);
    Brokers {
        near,
        far,
        pair,
        _running: running,
    }
}

/// Waits until `condition` holds, letting others run.
async fn until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn dial_and_accept_meet_whoever_comes_first() {
    let brokers = brokers();
    for accept_first in [true, false] {
        let id = brokers.far.next_id();
        let (dialled, accepted) = if accept_first {
            let (accepted, dialled) = tokio::join!(brokers.far.accept(id), brokers.near.dial(id));
            (dialled, accepted)
        } else {
            let waiting = brokers.near.dial(id);
            let late = async {
                until(|| brokers.far.pending() == 1).await;
                brokers.far.accept(id).await
            };
            tokio::join!(waiting, late)
        };
        let (mut dialled, mut accepted) = (dialled.unwrap(), accepted.unwrap());
        dialled.write_all(b"hello").await.unwrap();
        let mut hello = [0; 5];
        soon(accepted.read_exact(&mut hello)).await.unwrap();
        assert_eq!(&hello, b"hello");
    }
    assert_eq!((brokers.near.pending(), brokers.far.pending()), (0, 0));
}

#[tokio::test]
async fn a_rendezvous_is_the_id_and_its_echo_in_little_endian() {
    let pair = pair();
    let mut running = JoinSet::new();
    let (broker, run) = MuxBroker::new(pair.server.clone(), BrokerConfig::default());
    running.spawn(run);
    let mut stream = pair.client.open().await.unwrap();
    stream.write_all(&[4, 3, 2, 1]).await.unwrap();
    let _accepted = soon(broker.accept(0x0102_0304)).await.unwrap();
    let mut echo = [0; 4];
    soon(stream.read_exact(&mut echo)).await.unwrap();
    assert_eq!(echo, [4, 3, 2, 1]);
}

#[tokio::test]
async fn an_id_is_accepted_by_one_at_a_time() {
    let brokers = brokers();
    let first = brokers.far.accept(7);
    tokio::pin!(first);
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(matches!(
        brokers.far.accept(7).await,
        Err(BrokerError::IdInUse(7))
    ));
    let (first, dialled) = tokio::join!(first, brokers.near.dial(7));
    assert!(first.is_ok() && dialled.is_ok());
}

#[tokio::test]
async fn one_id_dialled_twice_refuses_the_second_and_harms_nobody() {
    let brokers = brokers();
    let first = tokio::spawn({
        let near = brokers.near.clone();
        async move { near.dial(7).await }
    });
    until(|| brokers.far.pending() == 1).await;
    let second = soon(brokers.near.dial(7)).await.unwrap_err();
    assert!(
        matches!(&second, BrokerError::Stream { id: 7, source } if source.kind() == ErrorKind::ConnectionReset),
        "{second:?}"
    );
    assert!(soon(brokers.far.accept(7)).await.is_ok());
    assert!(soon(first).await.unwrap().is_ok());
    let (accepted, dialled) = tokio::join!(brokers.far.accept(8), brokers.near.dial(8));
    assert!(accepted.is_ok() && dialled.is_ok());
}

#[tokio::test(start_paused = true)]
async fn both_ends_give_up_after_their_time() {
    let brokers = brokers();
    let start = tokio::time::Instant::now();
    let (accepted, dialled) = tokio::join!(brokers.far.accept(1), brokers.near.dial(2));
    assert!(matches!(accepted, Err(BrokerError::Timeout { id: 1, .. })));
    // The acceptor's side may be the first to let go of the stream.
    assert!(matches!(
        dialled,
        Err(BrokerError::Timeout { id: 2, .. } | BrokerError::Stream { .. })
    ));
    assert!(start.elapsed() >= BrokerConfig::default().timeout);
    assert!(start.elapsed() < 2 * BrokerConfig::default().timeout);
    until(|| brokers.far.pending() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_dialler_that_never_says_an_id_is_let_go() {
    let brokers = brokers();
    let mut mute = brokers.pair.client.open().await.unwrap();
    let error = mute.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn ten_thousand_aborted_rendezvous_leave_the_tables_empty() {
    let brokers = brokers();
    for turn in 0..10_000 {
        let id = brokers.far.next_id();
        if turn % 2 == 0 {
            let accept = brokers.far.accept(id);
            tokio::pin!(accept);
            let _ = futures_util::poll!(accept);
        } else {
            let dial = brokers.near.dial(id);
            tokio::pin!(dial);
            let _ = futures_util::poll!(dial);
        }
        if turn % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    // A last one passes all that is still under way, and sweeps out what was left.
    let id = brokers.far.next_id();
    let (accepted, dialled) = tokio::join!(brokers.far.accept(id), brokers.near.dial(id));
    drop((accepted.unwrap(), dialled.unwrap()));
    until(|| brokers.far.pending() == 0 && brokers.near.pending() == 0).await;
    until(|| brokers.pair.client.is_idle() && brokers.pair.server.is_idle()).await;
}

#[tokio::test]
async fn the_end_of_the_session_ends_every_accept() {
    let brokers = brokers();
    let accepting = tokio::spawn({
        let far = brokers.far.clone();
        async move { far.accept(1).await }
    });
    until(|| brokers.far.pending() == 1).await;
    brokers.pair.client.abort();
    assert!(matches!(
        soon(accepting).await.unwrap(),
        Err(BrokerError::Closed)
    ));
    assert!(matches!(
        brokers.far.accept(1).await,
        Err(BrokerError::Closed)
    ));
    assert!(matches!(
        brokers.near.dial(1).await,
        Err(BrokerError::Open { .. })
    ));
}

#[tokio::test]
async fn the_last_broker_dropped_closes_the_session() {
    let mut brokers = brokers();
    let Brokers {
        near, far, pair, ..
    } = &mut brokers;
    let _ = (near, far);
    let drivers = std::mem::take(&mut pair.drivers);
    drop(brokers);
    let mut drivers = drivers;
    soon(async { while drivers.join_next().await.is_some() {} }).await;
}
