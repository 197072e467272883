//! How sessions end while streams are in use, and what everyone is told.

use pintle::{ByteStream, DispenseError, EndReason, Exit, PingError};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::mount::is_gone;
use super::streams::{flows, relayed};
use super::{Ask, CallError, Mount, PATIENCE};
use crate::doomed::Doomed;
use crate::world::{eventually, tasks};

/// A stream that was cut short must not look like one that has ended.
pub async fn a_plugin_killed_mid_stream_breaks_it_and_every_call_knows_why(mount: &Mount) {
    let mounted = mount.launch().await;
    let (mut stream, relaying) = relayed(&mounted).await;
    flows(&mut stream).await;
    mounted.kill_plugin();
    broken(&mut stream).await;
    let lost = relaying.await.expect("it does not panic");
    match lost {
        Err(CallError::Lost(closed)) => {
            let end = (closed.reason(), closed.exit());
            assert_eq!(end, (EndReason::Exited, Some(Exit::Signal(9))));
        }
        other => panic!("the call does not know why: {other:?}"),
    }
    assert!(mounted.session.close().await.is_err());
    assert!(mounted.world.is_clean());
}

/// No process, no file, no task; who still holds a stream or a client is told.
pub async fn a_host_that_drops_its_session_mid_stream_leaves_nothing(mount: &Mount) {
    let mounted = mount.launch().await;
    let (mut stream, relaying) = relayed(&mounted).await;
    flows(&mut stream).await;
    let (pid, peer, world) = (mounted.pid(), mounted.peer, mounted.world);
    drop(mounted.session);
    broken(&mut stream).await;
    let lost = relaying.await.expect("it does not panic");
    assert!(
        matches!(&lost, Err(CallError::Lost(closed)) if closed.reason() == EndReason::Dropped),
        "{lost:?}"
    );
    drop((stream, peer));
    eventually("the process is gone", || is_gone(pid)).await;
    eventually("the files are gone", || world.is_clean()).await;
    eventually("no task is left", || tasks() == 0).await;
}

/// However the host dies: it has no chance to say anything.
pub async fn a_host_killed_mid_stream_takes_its_plugin_along(mount: &Mount, name: &str) {
    if Doomed::is_me() {
        let mounted = mount.launch().await;
        let (mut stream, _relaying) = relayed(&mounted).await;
        flows(&mut stream).await;
        return Doomed::await_death(mounted.session.pid()).await;
    }
    let mut host = Doomed::start(name);
    host.kill();
    host.family_is_gone().await;
    let left = host.sockets();
    assert!(
        left.len() < 2,
        "the plugin did not end in good order: {left:?}"
    );
}

/// The plugin ends in time though a stream is open that nobody ends.
pub async fn a_session_closes_in_good_order_mid_stream(mount: &Mount) {
    let mounted = mount.launch().await;
    let (mut stream, relaying) = relayed(&mounted).await;
    flows(&mut stream).await;
    mounted.close().await;
    broken(&mut stream).await;
    let relayed = relaying.await.expect("it does not panic");
    assert!(relayed.is_err(), "{relayed:?}");
}

/// Nothing hangs, and nothing is told that is not so.
pub async fn what_is_asked_after_the_end_fails_with_the_reason(mount: &Mount) {
    let mounted = mount.launch().await;
    mounted.still_answers().await;
    mounted
        .session
        .close()
        .await
        .expect("it ends as it is asked to");
    let error = mounted.ask_in_vain(Ask::Never, PATIENCE).await;
    assert!(
        matches!(&error, CallError::Lost(closed) if closed.reason() == EndReason::Closed),
        "{error:?}"
    );
    let side = mounted.peer.side();
    assert!(side.dial(1).await.is_err());
    assert!(side.streams().offer().await.is_err());
    let ping = mounted.session.ping().await;
    assert!(matches!(ping, Err(PingError::Closed(_))), "{ping:?}");
    let dispensed = mounted.session.dispense::<super::Conformance>().await;
    assert!(matches!(dispensed, Err(DispenseError::Closed(_))));
}

/// Reads until the stream breaks; an end is none.
async fn broken(stream: &mut ByteStream) {
    let mut rest = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    let read = read.expect("the stream hangs");
    assert!(
        read.is_err(),
        "the stream looks whole though it was cut short"
    );
}
