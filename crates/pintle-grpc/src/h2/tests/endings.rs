//! How calls, connections and their tasks end.

use std::{
    error::Error,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio_stream::StreamExt;
use tonic::{Code, Status};

use super::{
    echo::{text, wait},
    pair::{Pair, collect, stream},
};
use crate::h2::{ConnectionLost, Settings};

#[derive(Debug, thiserror::Error)]
#[error("the plugin exited with code 3")]
struct Exited;

#[track_caller]
fn check_exited(status: &Status) {
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unavailable, "the plugin exited with code 3")
    );
    assert!(status.source().unwrap().is::<Exited>());
}

#[tokio::test]
async fn a_lost_connection_names_its_reason() {
    let pair = Pair::new().await;
    *pair.reason.lock().unwrap() = Some(Arc::new(Exited));
    let open = pair.stream("1 hang").await.unwrap();
    let cutting = async {
        wait(&pair.seen.hanging).await;
        wait(&pair.seen.hanging).await;
        pair.cut.cancel();
    };
    let (waiting, ()) = tokio::join!(pair.unary("hang"), cutting);
    check_exited(&waiting.unwrap_err());
    check_exited(&collect(open).await.1.unwrap_err());
    check_exited(&pair.unary("late").await.unwrap_err());
}

#[tokio::test]
async fn a_lost_connection_without_a_reason_says_how_it_ended() {
    let pair = Pair::new().await;
    pair.cut.cancel();
    let reason = pair.channel.closed().await;
    assert!(
        matches!(
            reason,
            ConnectionLost::PeerClosed | ConnectionLost::Broken(_)
        ),
        "{reason}"
    );
    let status = pair.unary("late").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.message(), reason.to_string());
    assert!(status.source().unwrap().is::<ConnectionLost>());
}

#[tokio::test]
async fn a_call_of_the_owners_own_ends_with_the_connection_and_does_not_ask_why() {
    let pair = Pair::new().await;
    *pair.reason.lock().unwrap() = Some(Arc::new(Exited));
    let own = pair.channel.unexplained();
    let open = stream(&own, text("1 hang")).await.unwrap();
    pair.cut.cancel();
    let (texts, end) = collect(open).await;
    assert_eq!(texts, ["0"]);
    let status = end.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.source().unwrap().is::<ConnectionLost>());
    check_exited(&pair.unary("late").await.unwrap_err());
}

#[tokio::test]
async fn cancelling_the_owner_fails_open_calls_at_once() {
    let pair = Pair::new().await;
    let open = pair.stream("1 hang").await.unwrap();
    pair.cancel.cancel();
    assert_eq!(
        collect(open).await.1.unwrap_err().message(),
        "the connection was closed"
    );
    assert!(matches!(
        pair.channel.closed().await,
        ConnectionLost::Closed
    ));
}

#[tokio::test]
async fn the_server_drops_the_handler_of_a_cancelled_call() {
    let pair = Pair::new().await;
    {
        let call = pair.unary("hang");
        tokio::select! {
            _ = call => panic!("answered"),
            () = wait(&pair.seen.hanging) => {}
        }
    }
    wait(&pair.seen.dropped).await;

    let answer = pair.stream("1 hang").await.unwrap();
    drop(answer);
    wait(&pair.seen.dropped).await;
}

#[tokio::test]
async fn dropping_the_answer_cancels_a_call_whose_request_goes_on() {
    let pair = Pair::new().await;
    let quiet = tokio_stream::iter([text("first")]).chain(tokio_stream::pending());
    let mut answer = pair.chat(quiet).await.unwrap();
    assert_eq!(answer.message().await.unwrap().unwrap().text, "first");
    drop(answer);
    wait(&pair.seen.dropped).await;

    // Nobody reads this request: it waits for room in the window when the answer is dropped.
    let large = text("x".repeat(1024 * 1024));
    let endless = std::iter::once(text("mute")).chain(std::iter::repeat(large));
    let answer = pair.chat(tokio_stream::iter(endless)).await.unwrap();
    drop(answer);
    wait(&pair.seen.dropped).await;
}

#[tokio::test]
async fn a_cancelled_upload_does_not_look_complete() {
    let pair = Pair::new().await;
    let quiet = tokio_stream::iter([text("first")]).chain(tokio_stream::pending());
    let answer = pair.chat(quiet).await.unwrap();
    pair.seen.clean_end.store(false, Ordering::SeqCst);
    drop(answer);
    wait(&pair.seen.dropped).await;
    assert!(!pair.seen.clean_end.load(Ordering::SeqCst));
}

#[tokio::test]
async fn the_server_drops_the_handlers_of_a_lost_connection() {
    let pair = Pair::new().await;
    let _open = pair.stream("1 hang").await.unwrap();
    let cancelling = async {
        wait(&pair.seen.hanging).await;
        wait(&pair.seen.hanging).await;
        pair.cancel.cancel();
    };
    let (_, ()) = tokio::join!(pair.unary("hang"), cancelling);
    wait(&pair.seen.dropped).await;
    wait(&pair.seen.dropped).await;
}

#[tokio::test]
async fn dropping_the_last_user_closes_the_connection() {
    let Pair { channel, tasks, .. } = Pair::new().await;
    let closed = channel.closed();
    drop(channel);
    closed.await;
    tasks.close();
    tasks.wait().await;
}

#[tokio::test(start_paused = true)]
async fn shutdown_leaves_no_task() {
    let pair = Pair::new().await;
    let quiet = tokio_stream::iter([text("first")]).chain(tokio_stream::pending());
    let _chat = pair.chat(quiet).await.unwrap();
    let _stream = pair.stream("1 hang").await.unwrap();
    pair.shutdown.cancel();
    pair.tasks.close();
    // The channel is still held, with two open calls: only the serving end has been asked to end.
    pair.tasks.wait().await;
    assert_eq!(
        pair.unary("late").await.unwrap_err().code(),
        Code::Unavailable
    );
}

#[tokio::test(start_paused = true)]
async fn an_open_call_may_end_within_the_grace() {
    let pair = Pair::new().await;
    let (say, said) = tokio::sync::mpsc::channel(1);
    say.send(text("before")).await.unwrap();
    let mut heard = pair
        .chat(tokio_stream::wrappers::ReceiverStream::new(said))
        .await
        .unwrap();
    assert_eq!(heard.message().await.unwrap().unwrap().text, "before");

    pair.shutdown.cancel();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let refused = pair.unary("late").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    say.send(text("after")).await.unwrap();
    drop(say);
    let (rest, end) = collect(heard).await;
    assert_eq!((rest.join(" "), end.is_ok()), ("after".into(), true));
    pair.channel.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_beyond_the_grace_is_dropped() {
    let settings = Settings {
        shutdown_grace: Duration::from_millis(50),
        ..Settings::default()
    };
    let pair = Pair::with(Settings::default(), settings, None).await;
    let open = pair.stream("1 hang").await.unwrap();
    pair.shutdown.cancel();
    let (numbers, end) = collect(open).await;
    assert_eq!(
        (numbers.len(), end.unwrap_err().code()),
        (1, Code::Unavailable)
    );
    wait(&pair.seen.dropped).await;
}
