use pintle_core::EndReason;
use pintle_tarpc::tarpc::client::RpcError;
use pintle_tarpc::{Bytes, Tarpc, session_closed, within};

use crate::common::{TIME, World, told, world};

#[tokio::test]
async fn a_call_whose_session_is_killed_names_the_reason() {
    let World {
        session,
        probe,
        seen,
        ..
    } = world(Tarpc).await;
    let calling = tokio::spawn({
        let probe = probe.clone();
        async move { probe.hang(within(TIME)).await }
    });
    seen.hanging.cancelled().await;
    session.kill().await;
    let error = calling.await.unwrap().unwrap_err();
    let closed = session_closed(&error).expect("the reason");
    assert!(matches!(closed.reason(), EndReason::Killed), "{closed:?}");
    assert!(
        told(&error).contains("the session has ended"),
        "{}",
        told(&error)
    );
    seen.dropped.cancelled().await;
}

#[tokio::test]
async fn a_call_after_the_end_names_the_reason() {
    let World { session, probe, .. } = world(Tarpc).await;
    session.close().await.unwrap();
    let error = probe.echo(within(TIME), Bytes::new()).await.unwrap_err();
    let closed = session_closed(&error).expect("the reason");
    assert!(matches!(closed.reason(), EndReason::Closed), "{closed:?}");
}

#[tokio::test]
async fn clients_do_not_keep_a_session_alive() {
    let World {
        session,
        probe,
        broker,
        ..
    } = world(Tarpc).await;
    drop(session);
    let error = probe.hang(within(TIME)).await.unwrap_err();
    let closed = session_closed(&error).expect("the reason");
    assert!(matches!(closed.reason(), EndReason::Dropped), "{closed:?}");
    drop(broker);
}

#[tokio::test]
async fn an_error_of_the_call_itself_names_no_end() {
    let World {
        session: _session,
        probe,
        ..
    } = world(Tarpc).await;
    let error = probe.panic(within(TIME)).await.unwrap_err();
    assert!(matches!(error, RpcError::Server(_)));
    assert!(session_closed(&error).is_none());
}

#[tokio::test]
async fn an_open_call_is_answered_before_the_plugin_ends() {
    let World { session, probe, .. } = world(Tarpc).await;
    let bytes = Bytes::from(vec![1; 2_000_000]);
    let calling = tokio::spawn({
        let bytes = bytes.clone();
        async move { probe.echo(within(TIME), bytes).await }
    });
    // Either it was through in time to be answered, or it hears of the end; it never hangs.
    let closed = session.close().await;
    match calling.await.unwrap() {
        Ok(echoed) => assert!(echoed == bytes),
        Err(error) => assert!(session_closed(&error).is_some(), "{error:?}"),
    }
    closed.unwrap();
}

#[tokio::test]
async fn a_plugin_with_a_call_that_never_ends_is_closed_all_the_same() {
    let World {
        session,
        probe,
        seen,
        ..
    } = world(Tarpc).await;
    let calling = tokio::spawn(async move { probe.hang(within(TIME)).await });
    seen.hanging.cancelled().await;
    session.close().await.unwrap();
    assert!(session_closed(&calling.await.unwrap().unwrap_err()).is_some());
}
