//! Calls that are answered, and those that cannot be.

use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tonic::Code;

use super::{
    echo::text,
    pair::{Pair, collect, unary, unary_at},
};

#[tokio::test]
async fn every_kind_of_call_is_answered() {
    let pair = Pair::new().await;
    assert_eq!(pair.unary("hello").await.unwrap(), "hello");

    let (numbers, end) = collect(pair.stream("3").await.unwrap()).await;
    assert_eq!((numbers.join(" "), end.is_ok()), ("0 1 2".into(), true));

    let said = tokio_stream::iter(["one", "two"].map(text));
    let (heard, end) = collect(pair.chat(said).await.unwrap()).await;
    assert_eq!((heard.join(" "), end.is_ok()), ("one two".into(), true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_at_once_are_answered() {
    let pair = Pair::new().await;
    let mut calls = JoinSet::new();
    for number in 0..1000 {
        let channel = pair.channel.clone();
        calls.spawn(async move {
            let asked = number.to_string();
            assert_eq!(unary(&channel, text(&asked)).await.unwrap(), asked);
        });
    }
    assert_eq!(calls.join_all().await.len(), 1000);
}

#[tokio::test]
async fn calls_beyond_the_concurrency_limit_wait_for_their_turn() {
    let settings = crate::h2::Settings {
        max_concurrent_streams: 2,
        ..crate::h2::Settings::default()
    };
    let pair = Pair::with(settings.clone(), settings, None).await;
    let first = pair.stream("1 hang").await.unwrap();
    let second = pair.stream("1 hang").await.unwrap();
    let third = pair.unary("third");
    tokio::pin!(third);
    // Enough turns for a call that does not wait to be answered.
    for _ in 0..100 {
        tokio::task::yield_now().await;
        assert!(is_pending(third.as_mut()).await);
    }
    drop((first, second));
    assert_eq!(third.await.unwrap(), "third");
}

async fn is_pending<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

#[tokio::test]
async fn a_request_says_who_sends_it() {
    let pair = Pair::new().await;
    let expected = concat!("pintle-grpc/", env!("CARGO_PKG_VERSION"));
    assert_eq!(pair.unary("agent").await.unwrap(), expected);
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let pair = Pair::new().await;
    for (path, expected) in [
        (
            "/test.Echo/Missing",
            "unknown method Missing for service test.Echo",
        ),
        ("/test.Missing/Unary", "unknown service test.Missing"),
        ("/nonsense", "malformed method name: \"/nonsense\""),
    ] {
        let status = unary_at(&pair.channel, path, text("")).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Unimplemented, expected)
        );
    }
}

#[tokio::test]
async fn a_handler_panic_is_internal_and_the_connection_lives() {
    let pair = Pair::new().await;
    let open = pair.stream("1 hang").await.unwrap();

    let status = pair.unary("panic").await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(status.message(), "the handler panicked: no answer");

    let in_call = unary_at(&pair.channel, "/test.Echo/PanicInCall", text("")).await;
    assert_eq!(
        in_call.unwrap_err().message(),
        "the handler panicked: no call"
    );

    let (numbers, end) = collect(pair.stream("2 panic").await.unwrap()).await;
    let status = end.unwrap_err();
    assert_eq!((numbers.len(), status.code()), (2, Code::Internal));
    assert_eq!(status.message(), "the handler panicked: no more");

    assert_eq!(pair.unary("alive").await.unwrap(), "alive");
    drop(open);
}

#[tokio::test]
async fn a_panic_of_the_request_stream_fails_its_call_alone() {
    let pair = Pair::new().await;
    let said = tokio_stream::iter(0..2).map(|number| {
        assert_eq!(number, 0, "no more to say");
        text("first")
    });
    // Pending once, so that the rest is sent by the task of the call.
    let said = said.then_yield();
    let end = match pair.chat(said).await {
        Ok(heard) => collect(heard).await.1,
        Err(status) => Err(status),
    };
    let status = end.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(
        status
            .message()
            .starts_with("the request stream panicked: "),
        "{status}"
    );
    assert_eq!(pair.unary("alive").await.unwrap(), "alive");
}

#[tokio::test]
async fn a_header_http2_forbids_is_an_internal_error() {
    let pair = Pair::new().await;
    assert_eq!(
        pair.unary("bad header").await.unwrap_err().code(),
        Code::Internal
    );
    assert_eq!(pair.unary("alive").await.unwrap(), "alive");
}

/// A stream that is pending before every item.
trait ThenYield: tokio_stream::Stream + Sized + Send + 'static {
    fn then_yield(self) -> impl tokio_stream::Stream<Item = Self::Item> + Send + 'static
    where
        Self::Item: Send,
    {
        self.then(|item| async {
            tokio::task::yield_now().await;
            item
        })
    }
}

impl<S: tokio_stream::Stream + Send + 'static> ThenYield for S {}
