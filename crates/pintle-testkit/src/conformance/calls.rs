//! Calls: dispense, errors, deadlines, cancellation, panics, sizes, numbers.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;

use super::{Ask, CallError, Mount, PATIENCE};

/// Each client of one session has its own way to the one plugin.
pub async fn every_dispensed_client_calls_the_plugin(mount: &Mount) {
    let mounted = mount.launch().await;
    for text in ["one", "two", "three"] {
        let peer = mounted.dispense().await;
        let answer = peer.ask(Ask::Repeat(text.into()), PATIENCE).await;
        assert_eq!(answer.expect("it is served"), text);
    }
    mounted.session.ping().await.expect("it serves");
    mounted.still_answers().await;
    mounted.close().await;
}

/// An error of the application's is no error of the transport's.
pub async fn what_the_plugin_says_went_wrong_arrives_as_it_was_said(mount: &Mount) {
    let mounted = mount.launch().await;
    for said in ["no such cheese", "", "%41\u{e9}\n\u{1f9c0}"] {
        let error = mounted.ask_in_vain(Ask::Fail(said.into()), PATIENCE).await;
        assert!(
            matches!(&error, CallError::Failed(text) if text == said),
            "{error:?}"
        );
    }
    mounted.still_answers().await;
    mounted.close().await;
}

/// The plugin does not work on for a host that has stopped waiting.
pub async fn a_deadline_ends_the_call_on_both_sides(mount: &Mount) {
    let mounted = mount.launch().await;
    let error = mounted
        .ask_in_vain(Ask::Never, Duration::from_millis(200))
        .await;
    assert!(matches!(error, CallError::Deadline), "{error:?}");
    mounted.ask(Ask::AwaitNever(0)).await;
    mounted.close().await;
}

/// As with any future, to drop it is to have it undone.
pub async fn a_dropped_call_is_cancelled_in_the_plugin(mount: &Mount) {
    let mounted = mount.launch().await;
    tokio::select! {
        error = mounted.ask_in_vain(Ask::Never, PATIENCE) => panic!("{error:?}"),
        _ = mounted.ask(Ask::AwaitNever(1)) => {}
    }
    mounted.ask(Ask::AwaitNever(0)).await;
    mounted.close().await;
}

/// The caller hears of it at once, and those of other calls do not.
pub async fn a_panic_fails_its_call_and_no_other(mount: &Mount) {
    let mounted = mount.launch().await;
    let other = async {
        tokio::select! {
            error = mounted.ask_in_vain(Ask::Never, PATIENCE) => panic!("{error:?}"),
            _ = mounted.ask(Ask::AwaitNever(1)) => {}
        }
    };
    let panic = Ask::Panic("asked to panic".into());
    let (error, ()) = tokio::join!(mounted.ask_in_vain(panic, PATIENCE), other);
    assert!(
        matches!(&error, CallError::Broke(text) if text.ends_with("panicked: asked to panic")),
        "{error:?}"
    );
    mounted.still_answers().await;
    mounted.close().await;
}

/// One call, one message each way.
pub async fn sixty_four_mebibytes_pass_both_ways(mount: &Mount) {
    let mounted = mount.launch().await;
    let sent: Vec<u8> = (0..64 * 1024 * 1024_u32)
        .map(|at| (at % 251) as u8)
        .collect();
    let sent = Bytes::from(sent);
    let received = mounted.ask(Ask::Repeat(sent.clone())).await;
    assert!(received == sent, "the message changed on its way");
    mounted.close().await;
}

/// No call waits for another to end, nor does a ping.
pub async fn a_thousand_calls_are_open_at_once_and_the_plugin_still_answers(mount: &Mount) {
    const CALLS: u32 = 1000;
    let mounted = mount.launch().await;
    let all_but_one = join_all((1..CALLS).map(|_| mounted.ask(Ask::Gather(CALLS))));
    let last = async {
        mounted.session.ping().await.expect("it serves");
        mounted.ask(Ask::Gather(CALLS)).await
    };
    tokio::join!(all_but_one, last);
    mounted.close().await;
}

/// Answers are not mixed up.
pub async fn a_thousand_calls_at_once_all_get_their_own_answer(mount: &Mount) {
    let mounted = mount.launch().await;
    let call = |number: u32| {
        let bytes = Bytes::copy_from_slice(&number.to_be_bytes());
        mounted.ask(Ask::Repeat(bytes))
    };
    let answers = join_all((0..1000).map(call)).await;
    for (number, answer) in (0..1000_u32).zip(answers) {
        assert_eq!(answer, &number.to_be_bytes()[..]);
    }
    mounted.close().await;
}
