//! What the dialling side does, and what it leaves.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use pintle_core::Stream;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

use super::pair::{End, PATIENCE, Said, joined, pair, pair_apart, raw_plugin};
use crate::trunk::{ANSWER, KnockError};

const SHORT: Duration = Duration::from_millis(300);

/// Whether `near` can dial `far` and is led to the right door.
async fn still_works(near: &End, far: &End) {
    let (_door, mut streams) = far.trunk.put_up(1000).unwrap();
    let (mut stream, _turn) = timeout(PATIENCE, near.dial(1000)).await.unwrap().unwrap();
    let mut arrived = streams.recv().await.unwrap();
    assert!(joined(&mut stream, &mut arrived).await);
}

#[tokio::test(start_paused = true)]
async fn a_dial_dropped_at_any_moment_leaves_later_dials_working() {
    let (host, plugin) = pair_apart(Duration::from_millis(5)).await;
    for (near, far) in [(&host, &plugin), (&plugin, &host)] {
        let (_door, mut streams) = far.trunk.put_up(7).unwrap();
        let mut moments = 0;
        loop {
            // The knock is sent at once, heard after 5 ms, and its answer after 10.
            let moment = Duration::from_millis(moments);
            let dialled = timeout(moment, near.dial(7)).await.map(drop);
            still_works(near, far).await;
            while streams.try_recv().is_ok() {}
            assert!(near.trunk.shared.knocks().is_empty());
            if dialled.is_ok() {
                break;
            }
            moments += 1;
        }
        assert!(moments >= 10, "it was dropped at {moments} moments only");
    }
}

#[tokio::test]
async fn ten_thousand_dials_given_up_leave_nothing() {
    let (host, plugin) = pair().await;
    let (_door, mut streams) = plugin.trunk.put_up(7).unwrap();
    tokio::task::yield_now().await;
    let before = host.tasks.count();
    for round in 0..10_000 {
        let mut dial = pin!(host.dial(7));
        for _ in 0..round % 4 {
            if (&mut dial).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        while streams.try_recv().is_ok() {}
    }
    still_works(&host, &plugin).await;
    assert!(host.trunk.shared.knocks().is_empty());
    while host.tasks.count() > before {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_ends_at_its_deadline_whoever_is_ahead_of_it() {
    let (host, _deaf) = raw_plugin().await;
    let begin = Instant::now();
    let dials = (0..16).map(|id| host.dial_within(id, SHORT));
    for dialled in futures_util::future::join_all(dials).await {
        assert!(
            matches!(dialled, Err(KnockError::Unanswered)),
            "{dialled:?}"
        );
    }
    assert!(begin.elapsed() < 2 * SHORT, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn answers_nobody_asked_for_change_nothing() {
    let (host, mut plugin) = raw_plugin().await;
    for id in 100..1000 {
        plugin.said.send(Said::Ack(id)).unwrap();
    }
    let dial = tokio::spawn(host.dial_within(7, PATIENCE));
    while plugin.heard.recv().await != Some(Said::Knock(7)) {}
    plugin.said.send(Said::Ack(8)).unwrap();
    plugin.said.send(Said::Nack(7)).unwrap();
    let dialled = dial.await.unwrap();
    assert!(
        matches!(dialled, Err(KnockError::Refused(_))),
        "{dialled:?}"
    );
    assert!(host.trunk.shared.knocks().is_empty());
    let opened = plugin.session.counters().accepted;
    assert_eq!(opened, 1, "only the first stream was opened");
}

#[tokio::test(start_paused = true)]
async fn the_turn_of_a_dial_given_up_lasts_until_its_answer_or_the_time_for_it() {
    let (host, mut plugin) = raw_plugin().await;
    let begin = Instant::now();
    assert!(host.dial_within(7, SHORT).await.is_err());
    let next = tokio::spawn(host.dial_within(8, PATIENCE));
    assert_eq!(plugin.heard.recv().await, Some(Said::Knock(7)));
    assert_eq!(plugin.heard.recv().await, Some(Said::Knock(8)));
    assert!(begin.elapsed() >= ANSWER, "{:?}", begin.elapsed());

    // What is acknowledged too late is opened all the same, first, and ended.
    plugin.said.send(Said::Ack(7)).unwrap();
    plugin.said.send(Said::Ack(8)).unwrap();
    let mut late = plugin.session.accept().await.unwrap();
    let mut arrived = Stream::new(plugin.session.accept().await.unwrap());
    let (mut stream, _turn) = next.await.unwrap().unwrap();
    assert!(joined(&mut stream, &mut arrived).await);
    assert!(late.read_u8().await.is_err());
    assert!(host.trunk.shared.knocks().is_empty());
}

#[tokio::test]
async fn a_plugin_knocks_again_only_when_its_stream_was_taken_and_a_host_at_once() {
    let (host, plugin) = pair().await;
    for (near, far, waits) in [(&host, &plugin, false), (&plugin, &host, true)] {
        let (_door, mut streams) = far.trunk.put_up(7).unwrap();
        let (_stream, turn) = near.dial(7).await.unwrap();
        let (taken, taking) = tokio::sync::oneshot::channel::<()>();
        let keeping = tokio::spawn(turn.keep_for(taking));
        let mut next = tokio::spawn(near.dial_within(7, PATIENCE));
        if waits {
            // Nothing can show that it would wait for ever; a hundred turns of every task do.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert!((&mut next).now_or_never().is_none());
            taken.send(()).unwrap();
        }
        next.await.unwrap().unwrap();
        keeping.abort();
        while streams.try_recv().is_ok() {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_takes_a_stream_does_not_keep_the_turn_for_ever() {
    let (host, plugin) = pair().await;
    let (_door, _streams) = host.trunk.put_up(7).unwrap();
    let (_stream, turn) = plugin.dial(7).await.unwrap();
    let _keeping = tokio::spawn(turn.keep_for(std::future::pending::<()>()));
    assert!(plugin.dial_within(7, Duration::from_secs(5)).await.is_ok());
}

#[tokio::test]
async fn the_end_of_the_connection_reaches_who_dials_and_who_comes_later() {
    let (host, mut plugin) = raw_plugin().await;
    let dial = tokio::spawn(host.dial_within(7, PATIENCE));
    assert_eq!(plugin.heard.recv().await, Some(Said::Knock(7)));
    plugin.tasks.finish().await;
    let dialled = timeout(SHORT, dial).await.unwrap().unwrap();
    assert!(matches!(dialled, Err(KnockError::Closed)), "{dialled:?}");
    let dialled = timeout(SHORT, host.dial(8)).await.unwrap();
    assert!(matches!(dialled, Err(KnockError::Closed)), "{dialled:?}");
}
