//! What the accepting side does with knocks and streams.

use std::time::Duration;

use futures_util::FutureExt;
use pintle_core::{Stream, Tasks};
use pintle_mux::{Config, Session};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use super::pair::{PATIENCE, Said, joined, pair, raw_host};
use crate::trunk::gate::HOLD;
use crate::trunk::{KnockError, SendAnswer, Side, Trunk};

#[tokio::test]
async fn a_stream_goes_through_the_door_that_was_knocked_at_from_either_side() {
    let (host, plugin) = pair().await;
    for (near, far) in [(&host, &plugin), (&plugin, &host)] {
        let (_door, mut streams) = far.trunk.put_up(7).unwrap();
        let (_other_door, mut others) = far.trunk.put_up(8).unwrap();
        for _ in 0..3 {
            let (mut stream, _turn) = near.dial(7).await.unwrap();
            let arrived = timeout(PATIENCE, streams.recv()).await;
            let mut arrived = arrived.unwrap().unwrap();
            assert!(joined(&mut stream, &mut arrived).await);
        }
        assert!(others.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_dialler_that_dies_between_ack_and_open_does_not_misroute_the_next_stream() {
    let (mut host, plugin) = raw_host().await;
    let (_door, mut seven) = plugin.trunk.put_up(7).unwrap();
    let (_other_door, mut eight) = plugin.trunk.put_up(8).unwrap();
    host.said.send(Said::Knock(7)).unwrap();
    assert_eq!(host.heard.recv().await, Some(Said::Ack(7)));
    // Whoever was to open a stream for 7 is no more. Somebody else knocks.
    host.said.send(Said::Knock(8)).unwrap();
    assert_eq!(host.heard.recv().await, Some(Said::Ack(8)));
    let mut stream = Stream::new(host.session.open().await.unwrap());
    let arrived = timeout(PATIENCE, eight.recv()).await;
    let mut arrived = arrived.unwrap().unwrap();
    assert!(joined(&mut stream, &mut arrived).await);
    assert!(seven.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_dialler_that_dies_is_forgotten_and_a_stream_without_a_knock_is_for_the_main_services() {
    let (host, plugin) = raw_host().await;
    let (main, mut mains) = tokio::sync::mpsc::channel(1);
    let (_door, mut seven) = plugin.trunk.put_up(7).unwrap();
    let _ = host.said.send(Said::Knock(7));
    tokio::time::sleep(Duration::from_secs(6)).await;
    let stream = host.session.open().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(seven.try_recv().is_err(), "the knock is too old");
    assert!(stream.is_reset(), "there are no main services here");

    let (near, far) = tokio::io::duplex(64 * 1024);
    let (session, driver) = Session::client(near, Config::default());
    let tasks = Tasks::new();
    tasks.spawn(async { drop(driver.await) });
    let trunk = Trunk::new(Side::Plugin, tasks.clone());
    let (server, driver) = Session::server(far, Config::default());
    trunk.begin(server, Box::pin(async { drop(driver.await) }));
    let nobody: SendAnswer = Box::new(|_, _| {});
    tasks.spawn(trunk.keep_doors(Some(main), nobody));
    let mut stream = Stream::new(session.open().await.unwrap());
    let mut arrived = mains.recv().await.unwrap();
    assert!(joined(&mut stream, &mut arrived).await);
}

#[tokio::test]
async fn an_early_knock_waits_for_its_door() {
    let (host, plugin) = pair().await;
    let dial = tokio::spawn(host.dial_within(7, PATIENCE));
    while plugin.trunk.shared.gate().is_empty() {
        tokio::task::yield_now().await;
    }
    let (_door, mut streams) = plugin.trunk.put_up(7).unwrap();
    let (mut stream, _turn) = dial.await.unwrap().unwrap();
    let arrived = timeout(PATIENCE, streams.recv()).await;
    let mut arrived = arrived.unwrap().unwrap();
    assert!(joined(&mut stream, &mut arrived).await);
}

#[tokio::test(start_paused = true)]
async fn a_knock_that_nobody_accepts_is_refused_before_a_dialler_gives_up() {
    let (host, plugin) = pair().await;
    let begin = Instant::now();
    let refused = host.dial_within(7, Duration::from_secs(5)).await;
    assert!(
        matches!(refused, Err(KnockError::Refused(_))),
        "{refused:?}"
    );
    assert!(begin.elapsed() >= HOLD && begin.elapsed() < Duration::from_secs(5));
    assert!(plugin.trunk.shared.gate().is_empty());
}

#[tokio::test]
async fn a_flood_of_streams_without_a_knock_ends_at_the_doorkeeper() {
    let (host, plugin) = raw_host().await;
    let (_door, mut streams) = plugin.trunk.put_up(7).unwrap();
    for _ in 0..1000 {
        let mut stream = host.session.open().await.unwrap();
        // Reset by the other side, so that writing fails sooner or later.
        while stream.write_all(b"let me in").await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
    assert!(streams.try_recv().is_err());
}

#[tokio::test]
async fn an_id_has_one_door_until_it_is_dropped() {
    let (_host, plugin) = pair().await;
    let put_up = plugin.trunk.put_up(7);
    assert!(plugin.trunk.put_up(7).is_none());
    drop(put_up);
    assert!(plugin.trunk.put_up(7).is_some());
}

#[tokio::test]
async fn a_stream_that_came_before_a_knock_is_not_taken_for_the_knocks() {
    let tasks = Tasks::new();
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (host, driver) = Session::client(near, Config::default());
    tasks.spawn(driver.map(|_| ()));
    let (session, driver) = Session::server(far, Config::default());
    let trunk = Trunk::new(Side::Plugin, tasks.clone());
    trunk.begin(session.clone(), Box::pin(driver.map(|_| ())));
    let (_door, mut seven) = trunk.put_up(7).unwrap();
    let (_other_door, mut eight) = trunk.put_up(8).unwrap();
    let nobody: SendAnswer = Box::new(|_, _| {});
    let mut doorkeeper = Box::pin(trunk.clone().keep_doors(None, nobody));
    trunk.knocked(7);
    assert!((&mut doorkeeper).now_or_never().is_none());

    // While the doorkeeper does something else, both come: the stream, and then the knock.
    let mut stream = Stream::new(host.open().await.unwrap());
    while session.counters().streams == 0 {
        tokio::task::yield_now().await;
    }
    trunk.knocked(8);
    assert!((&mut doorkeeper).now_or_never().is_none());
    let mut arrived = seven.try_recv().unwrap();
    assert!(joined(&mut stream, &mut arrived).await);
    assert!(eight.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_dial_for_an_id_that_was_given_up_keeps_no_other_dial_waiting() {
    let (host, plugin) = pair().await;
    for (near, far) in [(&host, &plugin), (&plugin, &host)] {
        drop(far.trunk.put_up(7));
        let (_door, _streams) = far.trunk.put_up(8).unwrap();
        let begin = Instant::now();
        let (too_late, dialled) = tokio::join!(near.dial(7), near.dial(8));
        assert!(
            matches!(too_late, Err(KnockError::Refused(_))),
            "{too_late:?}"
        );
        dialled.unwrap();
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn a_knock_that_is_held_is_refused_once_its_id_is_given_up() {
    let (host, plugin) = pair().await;
    let begin = Instant::now();
    let dial = tokio::spawn(host.dial_within(7, PATIENCE));
    while plugin.trunk.shared.gate().is_empty() {
        tokio::task::yield_now().await;
    }
    plugin.trunk.take_away(7);
    let refused = dial.await.unwrap();
    assert!(
        matches!(refused, Err(KnockError::Refused(_))),
        "{refused:?}"
    );
    assert_eq!(begin.elapsed(), Duration::ZERO);
}
