//! A session that ends in the middle: who waits is told why, and nothing is left.

use std::error::Error;
use std::time::{Duration, Instant};

use pintle::{CallError, EndReason, Exit, SessionClosed, pipe};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::contract::{Callbacks, Calls, Flows, FlowsClient, Guest, Sink, Source, Trouble};
use super::plugin::Guests;
use super::soon::soon;
use super::sources::Ledger;
use crate::conformance::Mount;
use crate::conformance::mount::{Mounted, is_gone};
use crate::world::{eventually, tasks};

/// How soon who waits knows that the plugin was killed.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The call's error has the reason.
pub async fn a_plugin_killed_mid_call_is_told_with_its_signal(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    let killed = async {
        soon(calls.waiting(1)).await.expect("it answers");
        kill(&mounted)
    };
    let (error, begin) = tokio::join!(soon(calls.wait()), killed);
    assert!(begin.elapsed() < AT_ONCE, "after {:?}", begin.elapsed());
    lost(error);
    end(mounted).await;
}

/// The plugin's call of the host ends; the host's calls of the plugin, too.
pub async fn a_plugin_killed_mid_callback_is_told_with_its_signal(mount: &Mount) {
    let mounted = mount.launch().await;
    let (callbacks, guests) = (mounted.callbacks().await, Guests::default());
    let lent = soon(callbacks.lend()).await.expect("it is lent");
    soon(lent.repeat("once".into())).await.expect("it is lent");
    let killed = async {
        soon(guests.waiting(1)).await;
        kill(&mounted)
    };
    let (error, other, begin) = tokio::join!(
        soon(callbacks.wait_for(guests.guest("host"))),
        soon(lent.wait()),
        killed
    );
    assert!(begin.elapsed() < AT_ONCE, "after {:?}", begin.elapsed());
    lost(error);
    lost(other);
    soon(guests.waiting(0)).await;
    soon(guests.there(0)).await;
    end(mounted).await;
}

/// An end that was not one is never taken for one.
pub async fn a_plugin_killed_mid_reader_is_told_with_its_signal(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    let mut reader = soon(flows.reader(Source::Stops(5)))
        .await
        .expect("it is lent");
    let mut endless = soon(flows.reader(Source::Endless))
        .await
        .expect("it is lent");
    for reader in [&mut reader, &mut endless] {
        soon(reader.read_exact(&mut [0; 5]))
            .await
            .expect("they are there");
    }
    let begin = kill(&mounted);
    for reader in [&mut reader, &mut endless] {
        let error = soon(reader.read_to_end(&mut Vec::new())).await;
        assert!(begin.elapsed() < AT_ONCE, "after {:?}", begin.elapsed());
        signal(&error.expect_err("it has no end"));
        // Once it was told, it stays so.
        soon(reader.read_u8()).await.expect_err("it has no end");
    }
    end(mounted).await;
}

/// Nothing is taken for delivered.
pub async fn a_plugin_killed_mid_writer_is_told_with_its_signal(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    let writer = soon(flows.writer(Sink::Stops(0))).await;
    let (mut writer, mut other) = (writer.expect("it is lent"), Vec::new());
    for _ in 0..2 {
        let writer = soon(flows.writer(Sink::Sequence(5))).await;
        other.push(writer.expect("it is lent"));
    }
    let blocked = async {
        loop {
            if let Err(error) = writer.write(&[7; 64 * 1024]).await {
                break error;
            }
        }
    };
    let killed = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        kill(&mounted)
    };
    let (error, begin) = tokio::join!(soon(blocked), killed);
    assert!(begin.elapsed() < AT_ONCE, "after {:?}", begin.elapsed());
    signal(&error);
    let error = soon(other[0].shutdown()).await;
    signal(&error.expect_err("nobody has it"));
    let error = soon(other[1].write_all(b"too late")).await;
    signal(&error.expect_err("nobody takes it"));
    end(mounted).await;
}

/// An end that was not one is never taken for one.
pub async fn a_plugin_killed_mid_stream_is_told_with_its_signal(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    let mut stream = soon(flows.stream(Source::Stops(5)))
        .await
        .expect("it is lent");
    let mut endless = soon(flows.stream(Source::Endless))
        .await
        .expect("it is lent");
    for stream in [&mut stream, &mut endless] {
        let piece = soon(stream.next()).await.expect("it is there");
        piece.expect("it is there");
    }
    let begin = kill(&mounted);
    for stream in [&mut stream, &mut endless] {
        let error = soon(async {
            loop {
                match stream.next().await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error,
                    None => panic!("it looks whole"),
                }
            }
        });
        signal(&error.await);
        assert!(begin.elapsed() < AT_ONCE, "after {:?}", begin.elapsed());
        assert!(soon(stream.next()).await.is_none());
    }
    end(mounted).await;
}

/// No process, no file, no task, on either side of any flow; who still holds one is told.
pub async fn a_session_dropped_mid_flow_leaves_nothing(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, callbacks) = (mounted.flows().await, mounted.callbacks().await);
    let (ledger, guests) = (Ledger::default(), Guests::default());
    soon(callbacks.keep(guests.guest("host")))
        .await
        .expect("it is kept");
    let lent = soon(callbacks.lend()).await.expect("it is lent");
    let mut reader = soon(flows.reader(Source::Endless))
        .await
        .expect("it is lent");
    let mut stream = soon(flows.stream(Source::Endless))
        .await
        .expect("it is lent");
    let mut writer = soon(flows.writer(Sink::Stops(0)))
        .await
        .expect("it is lent");
    let held = held_by_a_call(&flows, &ledger).await;
    soon(reader.read_u8()).await.expect("it flows");
    let (pid, peer, world) = (mounted.pid(), mounted.peer, mounted.world);
    drop(mounted.session);
    let error = soon(reader.read_to_end(&mut Vec::new())).await;
    dropped(&error.expect_err("it has no end"));
    let error = soon(async {
        loop {
            match stream.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => break error,
                None => panic!("it looks whole"),
            }
        }
    });
    dropped(&error.await);
    dropped(&soon(writer.shutdown()).await.expect_err("nobody has it"));
    let error = soon(lent.repeat("too late".into())).await;
    dropped(&error.expect_err("nobody is there"));
    match held.await.expect("it does not panic") {
        Err(Trouble::Lost(error)) => dropped(&error),
        other => panic!("{other:?}"),
    }
    drop((reader, stream, writer, lent, flows, callbacks, peer));
    soon(ledger.held(0)).await;
    soon(guests.there(0)).await;
    eventually("the process is gone", || is_gone(pid)).await;
    eventually("the files are gone", || world.is_clean()).await;
    eventually("no task is left", || tasks() == 0).await;
}

/// The plugin ends in time though everything flows and nobody ends it.
pub async fn a_session_closes_in_good_order_mid_flow(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, callbacks) = (mounted.flows().await, mounted.callbacks().await);
    let (ledger, guests) = (Ledger::default(), Guests::default());
    soon(callbacks.keep(guests.guest("host")))
        .await
        .expect("it is kept");
    let mut reader = soon(flows.reader(Source::Endless))
        .await
        .expect("it is lent");
    let held = held_by_a_call(&flows, &ledger).await;
    soon(reader.read_u8()).await.expect("it flows");
    mounted.close().await;
    let error = soon(reader.read_to_end(&mut Vec::new())).await;
    error.expect_err("it has no end");
    held.await
        .expect("it does not panic")
        .expect_err("it was cut short");
    soon(ledger.held(0)).await;
    soon(guests.there(0)).await;
}

/// A call that has a reader, a writer and a stream in use, and never ends.
async fn held_by_a_call(flows: &FlowsClient, ledger: &Ledger) -> JoinHandle<Result<(), Trouble>> {
    let (to, mut back) = pipe();
    let (from, pieces) = (
        ledger.reader(Source::Endless),
        ledger.stream(Source::Endless),
    );
    let flows = flows.clone();
    let held = tokio::spawn(async move { flows.hold(from, to, pieces).await });
    soon(back.read_u8()).await.expect("it is sent back");
    held
}

/// At once; and what was to be lent is dropped.
pub async fn what_is_asked_after_the_end_is_lost_with_the_reason(mount: &Mount) {
    let mounted = mount.launch().await;
    let (calls, callbacks) = (mounted.calls().await, mounted.callbacks().await);
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let guests = Guests::default();
    let lent = soon(callbacks.lend()).await.expect("it is lent");
    mounted.close().await;
    for error in [
        soon(calls.repeat(Vec::new())).await.map(drop),
        soon(lent.repeat(String::new())).await.map(drop),
    ] {
        closed(&error.expect_err("the session has ended"));
    }
    // These fail before there is a call: nothing can be lent any more.
    let guest = Some(guests.guest("host"));
    for error in [
        soon(callbacks.repeat_by(guest, String::new()))
            .await
            .map(drop),
        soon(flows.give_reader_on(ledger.reader(Source::Endless)))
            .await
            .map(drop),
        soon(flows.give_stream_on(ledger.stream(Source::Endless)))
            .await
            .map(drop),
    ] {
        closed(&error.expect_err("the session has ended"));
    }
    soon(ledger.held(0)).await;
    soon(guests.there(0)).await;
}

fn kill(mounted: &Mounted) -> Instant {
    mounted.kill_plugin();
    Instant::now()
}

#[track_caller]
fn lost<T: std::fmt::Debug>(result: Result<T, CallError>) {
    let error = result.expect_err("the plugin was killed");
    assert!(matches!(error, CallError::Lost(_)), "{error:?}");
    signal(&error);
}

#[track_caller]
fn closed(error: &CallError) {
    let CallError::Lost(closed) = error else {
        panic!("it does not say why: {error:?}")
    };
    assert_eq!(closed.reason(), EndReason::Closed);
}

#[track_caller]
fn signal(error: &(dyn Error + 'static)) {
    let closed = SessionClosed::of(error);
    let closed = closed.unwrap_or_else(|| panic!("it does not say why: {error:?}"));
    let end = (closed.reason(), closed.exit());
    assert_eq!(end, (EndReason::Exited, Some(Exit::Signal(9))));
}

#[track_caller]
fn dropped(error: &(dyn Error + 'static)) {
    let closed = SessionClosed::of(error);
    let closed = closed.unwrap_or_else(|| panic!("it does not say why: {error:?}"));
    assert_eq!(closed.reason(), EndReason::Dropped);
}

/// A killed plugin leaves no file.
async fn end(mounted: Mounted) {
    assert!(mounted.session.close().await.is_err());
    assert!(mounted.world.is_clean());
}
