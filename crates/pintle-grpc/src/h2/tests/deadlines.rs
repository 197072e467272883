//! Calls that end because their time is up. The clock is paused: it moves when nothing else does.

use std::time::Duration;

use http::{Request as HttpRequest, Response};
use tonic::{Code, Request};

use super::{
    echo::{Text, text, wait},
    hostile::{raw_client, raw_server},
    pair::{Pair, collect, connect, stream, unary},
};
use crate::h2::Settings;

fn within(timeout: Duration, asked: &str) -> Request<Text> {
    let mut request = Request::new(text(asked));
    request.set_timeout(timeout);
    request
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_call_as_deadline_exceeded() {
    let pair = Pair::new().await;
    let status = unary(&pair.channel, within(Duration::from_millis(50), "hang"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(
        status.message(),
        "the call did not end within its deadline of 50ms"
    );
    wait(&pair.seen.dropped).await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_covers_the_whole_answer() {
    let pair = Pair::new().await;
    let answer = stream(&pair.channel, within(Duration::from_millis(50), "2 hang"))
        .await
        .unwrap();
    let (numbers, end) = collect(answer).await;
    assert_eq!(
        (numbers.len(), end.unwrap_err().code()),
        (2, Code::DeadlineExceeded)
    );
    wait(&pair.seen.dropped).await;
}

#[tokio::test]
async fn a_deadline_ends_an_answer_that_never_pauses() {
    let pair = Pair::new().await;
    let endless = within(Duration::from_millis(200), &u64::MAX.to_string());
    let end = match stream(&pair.channel, endless).await {
        Ok(answer) => collect(answer).await.1,
        Err(status) => Err(status),
    };
    assert_eq!(end.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_default_timeout_is_for_calls_without_their_own() {
    let near = Settings {
        default_timeout: Some(Duration::from_secs(1)),
        ..Settings::default()
    };
    let pair = Pair::with(near, Settings::default(), None).await;
    let status = pair.unary("hang").await.unwrap_err();
    assert_eq!(
        status.message(),
        "the call did not end within its deadline of 1s"
    );

    let own = unary(&pair.channel, within(Duration::from_secs(5), "hang"))
        .await
        .unwrap_err();
    assert_eq!(
        own.message(),
        "the call did not end within its deadline of 5s"
    );
}

#[tokio::test(start_paused = true)]
async fn the_server_ends_a_call_whose_caller_forgets_the_deadline() {
    let (mut client, seen) = raw_client(Settings::default()).await;
    for (path, asked) in [
        ("/test.Echo/Unary", "hang"),
        ("/test.Echo/Stream", "2 hang"),
    ] {
        let request = HttpRequest::post(format!("http://localhost{path}"))
            .header("content-type", "application/grpc")
            .header("grpc-timeout", "50m");
        let answer = client.call(request, asked).await;
        assert_eq!(answer.status().code(), Code::DeadlineExceeded, "{path}");
        wait(&seen.dropped).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_server_ends_an_answer_that_never_pauses() {
    let (mut client, _) = raw_client(Settings::default()).await;
    let request = HttpRequest::post("http://localhost/test.Echo/Stream")
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "200m");
    let answer = client.call(request, &u64::MAX.to_string()).await;
    assert_eq!(answer.status().code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn the_caller_ends_a_call_whose_server_forgets_the_deadline() {
    for answers in [false, true] {
        let (io, peer) = tokio::io::duplex(64 * 1024);
        raw_server(peer, move |respond| {
            answers.then(|| respond.send_response(Response::new(()), false).unwrap())
        });
        let channel = connect(io, &Settings::default()).await.unwrap();
        let call = unary(&channel, within(Duration::from_millis(50), "hello"));
        assert_eq!(
            call.await.unwrap_err().code(),
            Code::DeadlineExceeded,
            "answers: {answers}"
        );
    }
}

#[tokio::test]
async fn the_server_refuses_a_malformed_timeout_as_go_does() {
    let (mut client, _) = raw_client(Settings::default()).await;
    let request = HttpRequest::post("http://localhost/test.Echo/Unary")
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "soon");
    let status = client.call(request, "hello").await.status();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(status.message(), "malformed grpc-timeout: \"soon\"");
}
