//! Calls of bytes, among themselves and with generated clients and servers.

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use prost::Message;
use tonic::{Code, Status};

use super::{
    echo::{Text, text},
    pair::Pair,
};
use crate::h2::{Channel, Limits, Router, Settings, UnaryCall, UnaryMessage};

/// A service of bytes that does with text what it is told.
async fn answer(call: UnaryCall) -> Result<UnaryMessage, Status> {
    match call.method() {
        "Unary" => {
            let text = Text::decode(call.into_message()).unwrap().text;
            match text.as_str() {
                "panic" => panic!("as it was told to"),
                "hang" => std::future::pending().await,
                "refuse" => Err(Status::not_found("there is none")),
                _ => Ok(written(&text)),
            }
        }
        _ => Err(call.unknown_method()),
    }
}

fn written(said: &str) -> UnaryMessage {
    UnaryMessage::new(|to| to.put_slice(&text(said).encode_to_vec()))
}

fn router() -> Router {
    let mut router = Router::default();
    router.add_unary("test.Echo", answer).unwrap();
    router
}

async fn unary(channel: &Channel, method: &'static str, said: &str) -> Result<String, Status> {
    within(channel, method, said, None).await
}

async fn within(
    channel: &Channel,
    method: &'static str,
    said: &str,
    timeout: Option<Duration>,
) -> Result<String, Status> {
    let path = PathAndQuery::from_static(method);
    let answer: Bytes = channel.unary(path, timeout, written(said)).await?;
    Ok(Text::decode(answer).unwrap().text)
}

const UNARY: &str = "/test.Echo/Unary";

#[tokio::test]
async fn bytes_and_generated_code_understand_each_other() {
    // Long enough to come in several pieces.
    for said in ["", "hello", &"x".repeat(1_000_000)] {
        let generated = Pair::new().await;
        assert_eq!(unary(&generated.channel, UNARY, said).await.unwrap(), said);
        let bytes = Pair::of(router(), Settings::default(), Settings::default()).await;
        assert_eq!(bytes.unary(said).await.unwrap(), said);
        assert_eq!(unary(&bytes.channel, UNARY, said).await.unwrap(), said);
    }
}

#[tokio::test]
async fn a_status_comes_through_and_so_does_a_panic() {
    for pair in [
        Pair::new().await,
        Pair::of(router(), Settings::default(), Settings::default()).await,
    ] {
        let panicked = unary(&pair.channel, UNARY, "panic").await.unwrap_err();
        assert_eq!(panicked.code(), Code::Internal, "{panicked:?}");
        let unknown = unary(&pair.channel, "/test.Echo/Sing", "la").await;
        let unknown = unknown.unwrap_err();
        assert_eq!(
            (unknown.code(), unknown.message()),
            (
                Code::Unimplemented,
                "unknown method Sing for service test.Echo"
            )
        );
        assert_eq!(unary(&pair.channel, UNARY, "on").await.unwrap(), "on");
    }
    let pair = Pair::of(router(), Settings::default(), Settings::default()).await;
    let refused = unary(&pair.channel, UNARY, "refuse").await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::NotFound, "there is none")
    );
}

#[tokio::test]
async fn a_message_too_long_to_send_or_to_accept_fails_its_call_alone() {
    let hundred = "x".repeat(100);
    let refusal = "message of 102 bytes is larger than the limit of 101 bytes";
    let limited = |decode_bytes, encode_bytes| Settings {
        limits: Limits {
            decode_bytes,
            encode_bytes,
        },
        ..Settings::default()
    };
    for (near, far) in [
        (limited(101, 1000), limited(1000, 1000)),
        (limited(1000, 101), limited(1000, 1000)),
        (limited(1000, 1000), limited(101, 1000)),
        (limited(1000, 1000), limited(1000, 101)),
    ] {
        let pair = Pair::of(router(), near, far).await;
        let refused = unary(&pair.channel, UNARY, &hundred).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::ResourceExhausted, refusal)
        );
        assert_eq!(unary(&pair.channel, UNARY, "short").await.unwrap(), "short");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_of_bytes_ends_with_its_deadline() {
    for pair in [
        Pair::new().await,
        Pair::of(router(), Settings::default(), Settings::default()).await,
    ] {
        let timeout = Some(Duration::from_secs(5));
        let late = within(&pair.channel, UNARY, "hang", timeout).await;
        assert_eq!(late.unwrap_err().code(), Code::DeadlineExceeded);
    }
}

#[tokio::test]
async fn dropping_a_call_of_bytes_drops_its_handler() {
    let pair = Pair::new().await;
    let call = unary(&pair.channel, UNARY, "hang");
    tokio::select! {
        answer = call => panic!("it hangs, and answered {answer:?}"),
        hanging = pair.seen.hanging.acquire() => hanging.unwrap().forget(),
    }
    pair.seen.dropped.acquire().await.unwrap().forget();
    assert_eq!(unary(&pair.channel, UNARY, "on").await.unwrap(), "on");
}

#[tokio::test]
async fn many_calls_of_bytes_at_once_are_answered() {
    let pair = Pair::of(router(), Settings::default(), Settings::default()).await;
    let calls = (0..200).map(|number| {
        let channel = pair.channel.clone();
        async move {
            let said = number.to_string().repeat(1000);
            assert_eq!(unary(&channel, UNARY, &said).await.unwrap(), said);
        }
    });
    futures_util::future::join_all(calls).await;
}
