//! Messages that are too long, and readers that are too slow.

use http::uri::PathAndQuery;
use tonic::{Code, Request, Status, client::Grpc};

use super::{
    echo::{Codec, text},
    pair::{Pair, collect},
};
use crate::h2::{Limits, Settings};

fn accepting(decode_bytes: usize) -> Settings {
    Settings {
        limits: Limits {
            decode_bytes,
            ..Limits::default()
        },
        ..Settings::default()
    }
}

#[track_caller]
fn check(status: Status, message: &str) {
    assert_eq!(
        (status.code(), status.message()),
        (Code::ResourceExhausted, message)
    );
}

#[tokio::test]
async fn an_oversized_message_is_resource_exhausted_either_way() {
    // A text of 100 bytes makes a message of 102.
    let hundred = "x".repeat(100);
    let refusal = "message of 102 bytes is larger than the limit of 101 bytes";
    let pair = Pair::with(Settings::default(), accepting(101), None).await;
    check(pair.unary(&hundred).await.unwrap_err(), refusal);
    assert_eq!(pair.unary("short").await.unwrap(), "short");

    let pair = Pair::with(accepting(101), Settings::default(), None).await;
    check(pair.unary(&hundred).await.unwrap_err(), refusal);
    assert_eq!(pair.unary("short").await.unwrap(), "short");

    let pair = Pair::with(accepting(102), accepting(102), None).await;
    assert_eq!(pair.unary(&hundred).await.unwrap(), hundred);
}

#[tokio::test]
async fn messages_before_an_oversized_one_arrive() {
    let pair = Pair::with(accepting(101), Settings::default(), None).await;
    let (numbers, end) = collect(pair.stream("3 big 100").await.unwrap()).await;
    assert_eq!(numbers, ["0", "1", "2"]);
    check(
        end.unwrap_err(),
        "message of 102 bytes is larger than the limit of 101 bytes",
    );
}

#[tokio::test]
async fn the_limit_of_a_stub_is_resource_exhausted_too() {
    let stub = Limits {
        decode_bytes: 101,
        encode_bytes: 101,
    };
    let pair = Pair::with(Settings::default(), Settings::default(), Some(stub)).await;
    let hundred = "x".repeat(100);
    assert_eq!(
        pair.unary(&hundred).await.unwrap_err().code(),
        Code::ResourceExhausted
    );
    assert_eq!(
        pair.unary("big 100").await.unwrap_err().code(),
        Code::ResourceExhausted
    );
    let (_, end) = collect(pair.stream("3 big 100").await.unwrap()).await;
    assert_eq!(end.unwrap_err().code(), Code::ResourceExhausted);

    let mut caller = Grpc::new(pair.channel.clone()).max_encoding_message_size(101);
    let path = PathAndQuery::from_static("/test.Echo/Unary");
    let sent = caller
        .unary(Request::new(text(&hundred)), path, Codec::default())
        .await;
    assert_eq!(sent.unwrap_err().code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn a_large_message_passes_both_ways() {
    let pair = Pair::new().await;
    let large = "x".repeat(20 * 1024 * 1024);
    assert!(pair.unary(&large).await.unwrap() == large);
}

#[tokio::test]
async fn an_unread_stream_does_not_stall_other_calls() {
    let pair = Pair::new().await;
    let endless = format!("{}", u64::MAX);
    let unread = [
        pair.stream(&endless).await.unwrap(),
        pair.stream(&endless).await.unwrap(),
    ];
    // More than a window, so that both streams have filled theirs before it is through.
    let large = "x".repeat(20 * 1024 * 1024);
    assert!(pair.unary(&large).await.unwrap() == large);
    drop(unread);
}

#[tokio::test]
async fn a_slow_reader_of_small_messages_keeps_its_connection() {
    // What HTTP/2 spends on small frames depends on this window unless told otherwise.
    let near = Settings {
        connection_window_bytes: 8 * 1024 * 1024,
        ..Settings::default()
    };
    let pair = Pair::with(near, Settings::default(), None).await;
    let (say, said) = tokio::sync::mpsc::channel(1);
    let said = tokio_stream::wrappers::ReceiverStream::new(said);
    let talking = pair.chat(said);
    let counting = async {
        // Each number is one small frame, and nobody reads them.
        for number in 0..30_000 {
            say.send(text(number.to_string())).await.unwrap();
        }
        drop(say);
    };
    let (heard, ()) = tokio::join!(talking, counting);
    let (heard, end) = collect(heard.unwrap()).await;
    assert_eq!((heard.len(), end.is_ok()), (30_000, true));
    assert_eq!(heard.last().unwrap(), "29999");
}
