use std::io::ErrorKind;
use std::time::Duration;

use pintle_core::Session;
use pintle_tarpc::tarpc::client::RpcError;
use pintle_tarpc::tarpc::trace::{SamplingDecision, TraceId};
use pintle_tarpc::{Bytes, Codec, Tarpc, within};

use crate::common::{Liar, TIME, World, world};

fn kind(error: RpcError) -> ErrorKind {
    match error {
        RpcError::Server(error) => error.kind,
        other => panic!("not an error of the call: {other:?}"),
    }
}

#[tokio::test]
async fn a_payload_comes_back_as_it_went_with_each_codec() {
    for codec in [Codec::Bincode, Codec::Postcard] {
        let World { session, probe, .. } = world(Tarpc.codecs([codec])).await;
        for length in [0, 1, 100_000, 3_000_000] {
            let bytes: Bytes = (0..length).map(|number: u32| number as u8).collect();
            let echoed = probe.echo(within(TIME), bytes.clone()).await.unwrap();
            assert!(echoed == bytes, "{codec:?} {length}");
        }
        session.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_a_time_are_told_apart() {
    let World {
        session: _session,
        probe,
        ..
    } = world(Tarpc).await;
    let calls = (0..200_u32).map(|number| {
        let probe = probe.clone();
        tokio::spawn(async move {
            let bytes = Bytes::copy_from_slice(&number.to_le_bytes());
            assert_eq!(
                probe.echo(within(TIME), bytes.clone()).await.unwrap(),
                bytes
            );
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn deadline_and_trace_reach_the_plugin() {
    let World {
        session: _session,
        probe,
        ..
    } = world(Tarpc).await;
    let mut context = within(Duration::from_secs(5));
    context.trace_context.trace_id = TraceId::from(7);
    context.trace_context.sampling_decision = SamplingDecision::Sampled;
    let told = probe.tell(context).await.unwrap();
    assert_eq!((told.trace_id, told.sampled), (7, true));
    assert!((1..=5001).contains(&told.milliseconds), "{told:?}");
}

#[tokio::test]
async fn a_deadline_beyond_all_bounds_is_cut_and_no_panic() {
    let World {
        session: _session,
        probe,
        ..
    } = world(Tarpc).await;
    let mut context = within(Duration::MAX);
    context.deadline += Duration::from_secs(1000 * 365 * 24 * 60 * 60);
    let told = probe.tell(context).await.unwrap();
    assert!(told.milliseconds <= 49 * 24 * 60 * 60 * 1000, "{told:?}");
}

#[tokio::test]
async fn a_call_past_its_deadline_ends_on_both_sides() {
    let World {
        session: _session,
        probe,
        seen,
        ..
    } = world(Tarpc).await;
    let ended = probe.hang(within(Duration::from_millis(20))).await;
    assert!(
        matches!(ended, Err(RpcError::DeadlineExceeded)),
        "{ended:?}"
    );
    seen.dropped.cancelled().await;
}

#[tokio::test]
async fn dropping_a_call_cancels_it_in_the_plugin() {
    let World {
        session: _session,
        probe,
        seen,
        ..
    } = world(Tarpc).await;
    tokio::select! {
        answer = probe.hang(within(TIME)) => panic!("it should hang: {answer:?}"),
        () = seen.hanging.cancelled() => {}
    }
    seen.dropped.cancelled().await;
}

#[tokio::test]
async fn a_panic_in_the_plugin_is_an_error_at_once_and_the_next_call_is_answered() {
    let World {
        session: _session,
        probe,
        ..
    } = world(Tarpc).await;
    let Err(RpcError::Server(error)) = probe.panic(within(TIME)).await else {
        panic!("it should fail")
    };
    assert_eq!(error.detail, "the call panicked: as it was told to");
    probe.echo(within(TIME), Bytes::new()).await.unwrap();
}

#[tokio::test]
async fn an_answer_too_long_fails_its_call_and_no_other() {
    let World {
        session: _session,
        probe,
        ..
    } = world(Tarpc.max_message_bytes(1000)).await;
    let failed = probe.zeros(within(TIME), 1000).await.unwrap_err();
    assert_eq!(kind(failed), ErrorKind::InvalidData);
    assert_eq!(probe.zeros(within(TIME), 900).await.unwrap().len(), 900);
}

#[tokio::test]
async fn arguments_too_long_fail_their_call_before_they_are_sent() {
    let World {
        session: _session,
        probe,
        ..
    } = world(Tarpc.max_message_bytes(1000)).await;
    let long = Bytes::from(vec![0; 1000]);
    let Err(RpcError::Send(error)) = probe.echo(within(TIME), long).await else {
        panic!("it should not be sent")
    };
    assert_eq!(
        error.to_string(),
        "the value takes more than the 1000 bytes that a message may have"
    );
    probe.echo(within(TIME), Bytes::new()).await.unwrap();
}

#[tokio::test]
async fn an_answer_of_another_method_is_an_error_of_the_call() {
    let World { session, .. } = world(Tarpc).await;
    let liar = dispensed(&session).await;
    let Err(RpcError::Server(error)) = liar.echo(within(TIME), Bytes::new()).await else {
        panic!("it should fail")
    };
    assert_eq!(error.detail, "`Echo` was called and `Panic` answered");
}

async fn dispensed(session: &Session) -> crate::common::Client {
    session.dispense::<Liar>().await.unwrap()
}

#[tokio::test]
async fn calls_beyond_the_limit_wait_for_their_turn() {
    let World {
        session: _session,
        probe,
        seen,
        ..
    } = world(Tarpc.max_concurrent_calls(1)).await;
    let hanging = tokio::spawn({
        let probe = probe.clone();
        async move { probe.hang(within(TIME)).await }
    });
    seen.hanging.cancelled().await;
    let waiting = probe
        .echo(within(Duration::from_millis(20)), Bytes::new())
        .await;
    assert!(
        matches!(waiting, Err(RpcError::DeadlineExceeded)),
        "{waiting:?}"
    );
    hanging.abort();
    probe.echo(within(TIME), Bytes::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_at_a_time_are_all_answered() {
    let World {
        session: _session,
        probe,
        ..
    } = world(Tarpc.max_concurrent_calls(8)).await;
    let calls = (0..1000).map(|_| {
        let probe = probe.clone();
        tokio::spawn(async move { probe.echo(within(TIME), Bytes::new()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
}
