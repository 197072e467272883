//! A plugin that changes hands: one host leaves it, another takes it over.

use std::sync::Arc;

use bytes::Bytes;
use pintle::{EndReason, LaunchFailure, OutputTo, Reattach};
use rustix::process::{Signal, kill_process};
use tokio::time::timeout;

use super::mount::is_gone;
use super::streams::{flows, relayed};
use super::{Ask, Conformant, Heard, Mount, Mounted, PATIENCE, Printed};
use crate::world::eventually;

/// As often as one likes: calls, callbacks, streams and what the plugin prints are as ever, under
/// the TLS of the first launch. The last host closes it, and nothing is left.
pub async fn a_plugin_that_one_host_leaves_is_taken_over_by_the_next(mount: &Mount) {
    let heard = Heard::default();
    let mut mounted = mount.launch_detached(heard.output()).await;
    let pid = mounted.pid();
    for turn in ["first", "second", "third"] {
        works(&mounted, turn, &heard).await;
        let (ended, token) = {
            let session = mounted.session.clone();
            let token = session.detach().await.expect("it was launched detached");
            (session.closed().await, token)
        };
        assert_eq!(ended.reason(), EndReason::Left);
        assert!(!is_gone(pid));
        // Nothing but what is written takes it over.
        let written = serde_json::to_string(&token).expect("a token can be written");
        let token: Reattach = serde_json::from_str(&written).expect("it can be read back");
        mounted = mount.reattach(mounted, &token, heard.output()).await;
        assert_eq!(mounted.session.is_secure(), token.is_secret());
    }
    works(&mounted, "last", &heard).await;
    let closed = mounted.session.close().await;
    closed.expect("it ends as it is asked to");
    eventually("the process is gone", || is_gone(pid)).await;
    assert!(mounted.world.is_clean(), "something is left");
    let heard = String::from_utf8(heard.all()).expect("it printed text");
    assert_eq!(heard, "first\nsecond\nthird\nlast\n");
}

/// Neither a process that has ended nor one that was given its number.
pub async fn a_token_of_a_plugin_that_has_ended_reaches_nobody(mount: &Mount) {
    let mounted = mount.launch_detached(OutputTo::Discard).await;
    let token = mounted.session.token().expect("it was launched detached");
    let pid = mounted.pid();
    // Without its host's help, who would tidy up.
    let left = mounted.session.detach().await;
    left.expect("it was launched detached");
    kill_process(pid, Signal::KILL).expect("it runs");
    eventually("the process is gone", || is_gone(pid)).await;
    let refused = mount.try_reattach(&mounted.world, &token).await;
    let error = refused.expect_err("nobody is there");
    let stale = matches!(
        error.failure(),
        LaunchFailure::Gone | LaunchFailure::Replaced
    );
    assert!(stale, "{error:?}");
    assert!(mounted.world.is_clean(), "what it left is there");
    let said = error.to_string();
    assert!(said.starts_with("could not reattach to plugin"), "{said}");
}

async fn works(mounted: &Mounted, turn: &str, heard: &Heard) {
    mounted.still_answers().await;
    let side = mounted.peer.side();
    let served = side.serve(Conformant::new(Arc::clone(&side))).await;
    let served = served.expect("the session lives");
    let text = Bytes::copy_from_slice(turn.as_bytes());
    let back = mounted.ask(Ask::CallBack(served.id(), text.clone())).await;
    assert_eq!(back, text);
    let id = Ask::id(&mounted.ask(Ask::Serve).await);
    let there = side.dial(id).await.expect("it is served");
    let answer = there.ask(Ask::Repeat(text.clone()), PATIENCE).await;
    assert_eq!(answer.expect("it is served"), text);
    let (mut stream, relaying) = relayed(mounted).await;
    flows(&mut stream).await;
    tokio::io::AsyncWriteExt::shutdown(&mut stream)
        .await
        .expect("the stream lives");
    let relayed = timeout(PATIENCE, relaying).await.expect("it ends");
    relayed.expect("no panic").expect("it ends in good order");
    let line = format!("{turn}\n");
    let print = Ask::Print(Printed::Stdout, line.clone().into());
    mounted.ask(print).await;
    // It may be on its way when a host leaves, and is then lost with the connection.
    let printed = || heard.all().ends_with(line.as_bytes());
    eventually("what was printed is heard", printed).await;
}
