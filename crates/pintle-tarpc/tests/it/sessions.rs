use pintle_core::{DispenseError, PluginSet, Transport, in_process};
use pintle_tarpc::{Bytes, Tarpc, TarpcError, within};

use crate::common::{Missing, ProbePlugin, Spy, TIME, World, told, world};

#[tokio::test]
async fn a_name_the_plugin_does_not_offer_is_a_typed_refusal() {
    let World { session, .. } = world(Tarpc).await;
    let error = session.dispense::<Missing>().await.unwrap_err();
    assert_eq!(
        told(&error),
        "plugin `missing` could not be dispensed: \
         the plugin does not offer `missing`; it offers liar, probe"
    );
    let DispenseError::Refused { source, .. } = error else {
        panic!("not a refusal: {error:?}")
    };
    let source = source.downcast::<TarpcError>().unwrap();
    assert!(matches!(*source, TarpcError::NotOffered { .. }));
}

#[tokio::test]
async fn clients_of_one_plugin_are_apart() {
    let World { session, probe, .. } = world(Tarpc.max_concurrent_calls(1)).await;
    let (other, _) = session.dispense::<ProbePlugin>().await.unwrap();
    let hanging = tokio::spawn(async move { other.hang(within(TIME)).await });
    probe.echo(within(TIME), Bytes::new()).await.unwrap();
    hanging.abort();
}

#[tokio::test]
async fn a_plugin_answers_a_ping_and_ends_when_asked() {
    let World { session, .. } = world(Tarpc).await;
    session.ping().await.unwrap();
    assert!(session.close().await.unwrap().success());
    session.ping().await.unwrap_err();
}

#[tokio::test]
async fn a_hundred_sessions_leave_no_task() {
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    for _ in 0..100 {
        let World { session, probe, .. } = world(Tarpc).await;
        probe.echo(within(TIME), Bytes::new()).await.unwrap();
        session.close().await.unwrap();
    }
    let mut alive = usize::MAX;
    for _ in 0..1000 {
        alive = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        if alive <= before {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{alive} tasks are alive, and {before} were before");
}

#[tokio::test]
async fn a_thousand_dispensed_clients_leave_no_task() {
    let World { session, .. } = world(Tarpc).await;
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    for _ in 0..1000 {
        let (probe, _) = session.dispense::<ProbePlugin>().await.unwrap();
        probe.echo(within(TIME), Bytes::new()).await.unwrap();
    }
    for _ in 0..10_000 {
        if tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
            <= before
        {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("tasks are left");
}

#[tokio::test]
async fn a_second_host_is_told_that_one_is_connected() {
    let spy = Spy::default();
    let set = PluginSet::new().plugin(ProbePlugin::default());
    let session = in_process(set, spy.clone()).await.unwrap();
    let error = Tarpc.connect(spy.link()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the other side refused the session: another host is connected"
    );
    let (probe, _) = session.dispense::<ProbePlugin>().await.unwrap();
    probe.echo(within(TIME), Bytes::new()).await.unwrap();
}

#[tokio::test]
async fn a_host_that_went_leaves_its_place_to_the_next() {
    let spy = Spy {
        preceded: true,
        ..Spy::default()
    };
    let set = PluginSet::new().plugin(ProbePlugin::default());
    let session = in_process(set, spy).await.unwrap();
    let (probe, broker) = session.dispense::<ProbePlugin>().await.unwrap();
    let served = crate::common::serve_echo(&broker);
    let bytes = Bytes::from_static(b"back");
    let answer = probe
        .call_back(within(TIME), served.id(), bytes.clone())
        .await;
    assert_eq!(answer.unwrap(), Ok(bytes));
}
