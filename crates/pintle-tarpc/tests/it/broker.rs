use std::time::Duration;

use pintle_core::EndReason;
use pintle_tarpc::{BrokerError, Bytes, Tarpc, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Client, ProbeClient, TIME, World, serve_echo, world};

fn quick() -> Tarpc {
    Tarpc
        .broker_dial_timeout(Duration::from_millis(50))
        .broker_accept_timeout(Duration::from_millis(120))
}

#[tokio::test]
async fn the_plugin_calls_what_the_host_serves() {
    let World {
        session: _session,
        probe,
        broker,
        ..
    } = world(Tarpc).await;
    let served = serve_echo(&broker);
    let bytes = Bytes::from_static(b"back and forth");
    let answer = probe
        .call_back(within(TIME), served.id(), bytes.clone())
        .await;
    assert_eq!(answer.unwrap(), Ok(bytes));
}

#[tokio::test]
async fn the_host_calls_what_the_plugin_serves() {
    let World {
        session: _session,
        probe,
        broker,
        ..
    } = world(Tarpc).await;
    let id = probe.serve_echo(within(TIME)).await.unwrap();
    let echo: Client = broker.dial(id).await.unwrap().with(ProbeClient::from);
    let bytes = Bytes::from_static(b"there and back");
    assert_eq!(echo.echo(within(TIME), bytes.clone()).await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_callbacks_at_a_time_are_told_apart() {
    let World {
        session: _session,
        probe,
        broker,
        ..
    } = world(Tarpc).await;
    let calls = (0..50_u8).map(|number| {
        let (probe, broker) = (probe.clone(), broker.clone());
        tokio::spawn(async move {
            let served = serve_echo(&broker);
            let bytes = Bytes::from(vec![number; 1000]);
            let answer = probe
                .call_back(within(TIME), served.id(), bytes.clone())
                .await;
            assert_eq!(answer.unwrap(), Ok(bytes));
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn raw_bytes_flow_both_ways_on_a_stream_the_plugin_accepts() {
    let World {
        session: _session,
        probe,
        broker,
        ..
    } = world(Tarpc).await;
    let id = probe.accept_raw(within(TIME)).await.unwrap();
    let stream = broker.dial_stream(id).await.unwrap();
    let (mut read, mut write) = tokio::io::split(stream);
    let sent = vec![7; 3_000_000];
    let sending = async {
        write.write_all(&sent).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let mut heard = Vec::new();
    let (_, read) = tokio::join!(sending, read.read_to_end(&mut heard));
    read.unwrap();
    assert!(heard == sent);
}

#[tokio::test]
async fn raw_bytes_flow_both_ways_on_a_stream_the_host_accepts() {
    let World {
        session: _session,
        probe,
        broker,
        ..
    } = world(Tarpc).await;
    let id = broker.next_id().unwrap();
    let number = id.get();
    let accepting = async {
        let mut stream = broker.accept_stream(id).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        heard
    };
    let (heard, echoed) = tokio::join!(accepting, probe.dial_raw(within(TIME), number));
    assert_eq!((heard.as_str(), echoed.unwrap()), ("hello", Ok(5)));
}

#[tokio::test]
async fn a_dial_before_the_accept_waits_for_it() {
    let World {
        session: _session,
        probe,
        broker,
        ..
    } = world(Tarpc).await;
    let id = broker.next_id().unwrap();
    let number = id.get();
    let dialling = tokio::spawn(async move { probe.dial_raw(within(TIME), number).await });
    // The dial is on its way; whether it is here yet makes no difference.
    tokio::task::yield_now().await;
    let mut stream = broker.accept_stream(id).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(dialling.await.unwrap().unwrap(), Ok(0));
}

#[tokio::test]
async fn an_id_nobody_accepts_is_a_typed_error_in_time() {
    let World {
        session: _session,
        broker,
        ..
    } = world(quick()).await;
    match broker.dial_stream(77).await.unwrap_err() {
        BrokerError::NotAccepted { id: 77, .. } | BrokerError::Refused { id: 77 } => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_id_nobody_dials_is_a_typed_error_in_time_and_given_back() {
    let World {
        session: _session,
        broker,
        ..
    } = world(quick()).await;
    let id = broker.next_id().unwrap();
    let number = id.get();
    let error = broker.accept_stream(id).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the other side did not dial broker id {number} within 120ms")
    );
    drop(broker.claim(number).unwrap());

    let served = serve_echo(&broker);
    let ended = served.ended().await.unwrap_err();
    assert!(matches!(ended, BrokerError::NotDialled { .. }), "{ended:?}");
    broker.claim(served.id()).unwrap();
}

#[tokio::test]
async fn a_late_dial_within_the_accept_timeout_is_served() {
    let tarpc = Tarpc
        .broker_dial_timeout(Duration::from_millis(20))
        .broker_accept_timeout(TIME);
    let World {
        session: _session,
        probe,
        broker,
        ..
    } = world(tarpc).await;
    let served = serve_echo(&broker);
    // Longer than the patience of one dial, which is also that of one turn of the accept.
    tokio::time::sleep(Duration::from_millis(70)).await;
    let bytes = Bytes::from_static(b"late");
    let mut answer = Err(String::new());
    // A dial that falls between two turns is kept for the next.
    for _ in 0..3 {
        answer = probe
            .call_back(within(TIME), served.id(), bytes.clone())
            .await
            .unwrap();
        if answer.is_ok() {
            break;
        }
    }
    assert_eq!(answer, Ok(bytes));
}

#[tokio::test]
async fn an_id_is_taken_once_and_given_back_with_its_owner() {
    let World {
        session: _session,
        broker,
        ..
    } = world(Tarpc).await;
    let id = broker.claim(700).unwrap();
    assert!(matches!(
        broker.claim(700),
        Err(BrokerError::Duplicate(700))
    ));
    drop(id);
    let served = broker.serve_on(broker.claim(700).unwrap(), |server| {
        server.add(|_, number: u32| async move { Ok(number) });
    });
    let served = served.unwrap();
    served.close().await;
    broker.claim(700).unwrap();
}

#[tokio::test]
async fn an_id_serves_exactly_one_service() {
    let World {
        session: _session,
        broker,
        ..
    } = world(Tarpc).await;
    let none = broker.serve(|_| {}).unwrap_err();
    assert!(matches!(none, BrokerError::NotOneService(0)));
    let two = broker.serve(|server| {
        server.add(|_, number: u32| async move { Ok(number) });
        server.add(|_, number: u32| async move { Ok(number) });
    });
    assert!(matches!(two.unwrap_err(), BrokerError::NotOneService(2)));
}

#[tokio::test]
async fn dropping_what_is_served_ends_its_calls() {
    let World {
        session,
        probe,
        broker,
        ..
    } = world(Tarpc).await;
    let served = serve_echo(&broker);
    let bytes = Bytes::from_static(b"once");
    probe
        .call_back(within(TIME), served.id(), bytes)
        .await
        .unwrap()
        .unwrap();
    drop(served);
    session.close().await.unwrap();
}

#[tokio::test]
async fn who_waits_for_an_id_hears_of_the_end() {
    let World {
        session, broker, ..
    } = world(Tarpc).await;
    let id = broker.next_id().unwrap();
    let waiting = tokio::spawn({
        let broker = broker.clone();
        async move { broker.accept_stream(id).await }
    });
    let dialling = tokio::spawn({
        let broker = broker.clone();
        async move { broker.dial_stream(99).await }
    });
    tokio::task::yield_now().await;
    session.close().await.unwrap();
    assert!(dialling.await.unwrap().is_err());
    for error in [
        waiting.await.unwrap().map(drop).unwrap_err(),
        broker.next_id().map(drop).unwrap_err(),
        broker.offer_stream().map(drop).unwrap_err(),
    ] {
        let BrokerError::Closed(Some(closed)) = error else {
            panic!("{error:?}")
        };
        assert_eq!(closed.reason(), EndReason::Closed);
    }
}
