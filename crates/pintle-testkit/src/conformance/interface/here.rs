//! The same without a process.

use pintle::{CallError, PluginSet};
use tokio::io::AsyncReadExt;

use super::contract::{Callbacks, Calls, Flows, Refusal, Sink, Source, Values};
use super::plugin::{Called, CallsBack, Flowing, Guests, read_pieces};
use super::soon::soon;
use super::sources::{Ledger, sequence};
use crate::conformance::Mount;
use crate::streams::write_sequence;
use crate::world::{eventually, tasks};

/// Values, errors, callbacks, flows; and nothing is left of it.
pub async fn a_plugin_in_this_process_is_no_different(mount: &Mount) {
    let plugins = PluginSet::new()
        .plugin(Called::default())
        .plugin(CallsBack::default())
        .plugin(Flowing::default());
    let session = pintle::in_process_over(plugins, mount.transports()).await;
    let session = session.expect("it is served here");

    let calls = session.dispense::<dyn Calls>().await.expect("it is served");
    let back = soon(calls.values(Values::most()))
        .await
        .expect("it is given back");
    assert_eq!(format!("{back:?}"), format!("{:?}", Values::most()));
    let refused = soon(calls.refuse(Refusal::Missing("cheese".into()))).await;
    assert!(
        matches!(&refused, Err(Refusal::Missing(what)) if what == "cheese"),
        "{refused:?}"
    );
    let panicked = soon(calls.panic("as it was told to".into())).await;
    assert!(
        matches!(&panicked, Err(Refusal::Lost(CallError::Failed { .. }))),
        "{panicked:?}"
    );
    let late = soon(calls.wait_briefly()).await;
    assert!(matches!(late, Err(CallError::DeadlineExceeded)), "{late:?}");
    soon(calls.waiting(0))
        .await
        .expect("the call has ended there");

    let callbacks = session
        .dispense::<dyn Callbacks>()
        .await
        .expect("it is served");
    let guests = Guests::default();
    let names = soon(callbacks.bounce(3, guests.guest("host"))).await;
    assert_eq!(
        names.expect("all answer"),
        ["host", "plugin", "host", "plugin"]
    );
    soon(guests.there(0)).await;

    let flows = session.dispense::<dyn Flows>().await.expect("it is served");
    let ledger = Ledger::default();
    let writer = soon(flows.writer(Sink::Sequence(1_000_000))).await;
    let written = soon(write_sequence(writer.expect("it is lent"), 1_000_000)).await;
    written.expect("all is taken");
    let stream = soon(flows.stream(Source::Sequence(1_000_000))).await;
    let taken = soon(read_pieces(&mut stream.expect("it is lent"))).await;
    assert!(
        taken.expect("it has an end") == sequence(1_000_000),
        "it has changed"
    );
    let reader = ledger.reader(Source::Endless);
    let mut reader = soon(flows.give_reader_on(reader))
        .await
        .expect("it is given on");
    soon(reader.read_exact(&mut vec![0; 100_000]))
        .await
        .expect("it flows");

    session.close().await.expect("it ends as it is asked to");
    soon(reader.read_to_end(&mut Vec::new()))
        .await
        .expect_err("it has no end");
    drop(reader);
    soon(ledger.held(0)).await;
    let error = soon(calls.repeat(Vec::new()))
        .await
        .expect_err("it has ended");
    assert!(matches!(error, CallError::Lost(_)), "{error:?}");
    drop((session, calls, callbacks, flows));
    eventually("no task is left", || tasks() == 0).await;
}
