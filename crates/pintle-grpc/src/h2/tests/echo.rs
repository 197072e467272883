//! A service written as tonic would generate it, that misbehaves on request.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use http::{Request, Response};
use tokio::sync::Semaphore;
use tokio_stream::{Stream, StreamExt};
use tonic::{
    Status, Streaming,
    body::Body,
    server::{Grpc, NamedService},
};
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::h2::{BoxFuture, Limits};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Text {
    #[prost(string, tag = "1")]
    pub(super) text: String,
}

pub(super) fn text(text: impl Into<String>) -> Text {
    Text { text: text.into() }
}

pub(super) type Codec = ProstCodec<Text, Text>;
pub(super) type Texts = Pin<Box<dyn Stream<Item = Result<Text, Status>> + Send>>;

/// What the service has seen, for the tests to await.
#[derive(Debug)]
pub(super) struct Seen {
    /// One permit for each handler that hangs.
    pub(super) hanging: Semaphore,
    /// One permit for each hanging handler that was dropped.
    pub(super) dropped: Semaphore,
    /// One permit for each conversation whose request has ended, well or not.
    pub(super) ended: Semaphore,
    /// Whether a request stream ended as if it were complete.
    pub(super) clean_end: AtomicBool,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            hanging: Semaphore::new(0),
            dropped: Semaphore::new(0),
            ended: Semaphore::new(0),
            clean_end: AtomicBool::new(false),
        }
    }
}

pub(super) async fn wait(semaphore: &Semaphore) {
    semaphore.acquire().await.unwrap().forget();
}

#[derive(Clone, Default)]
pub(super) struct Echo {
    pub(super) seen: Arc<Seen>,
    /// As a generated server has it: unset means tonic's own.
    pub(super) limits: Option<Limits>,
}

impl NamedService for Echo {
    const NAME: &'static str = "test.Echo";
}

impl Service<Request<Body>> for Echo {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut grpc = Grpc::new(Codec::default());
        if let Some(limits) = self.limits {
            grpc = grpc
                .max_decoding_message_size(limits.decode_bytes)
                .max_encoding_message_size(limits.encode_bytes);
        }
        let seen = self.seen.clone();
        match request.uri().path() {
            "/test.Echo/Unary" => {
                Box::pin(async move { Ok(grpc.unary(Unary(seen), request).await) })
            }
            "/test.Echo/Stream" => {
                Box::pin(async move { Ok(grpc.server_streaming(Numbers(seen), request).await) })
            }
            "/test.Echo/Chat" => {
                Box::pin(async move { Ok(grpc.streaming(Chat(seen), request).await) })
            }
            "/test.Echo/PanicInCall" => panic!("no call"),
            // What a generated server answers.
            _ => Box::pin(async {
                let mut response = Response::new(Body::default());
                response.headers_mut().insert("grpc-status", 12.into());
                Ok(response)
            }),
        }
    }
}

struct Unary(Arc<Seen>);

impl Service<tonic::Request<Text>> for Unary {
    type Response = tonic::Response<Text>;
    type Error = Status;
    type Future = BoxFuture<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Text>) -> Self::Future {
        let seen = self.0.clone();
        Box::pin(async move {
            let agent = request.metadata().get("user-agent").cloned();
            let asked = request.into_inner().text;
            if let Some(length) = asked.strip_prefix("big ") {
                return Ok(tonic::Response::new(text(
                    "x".repeat(length.parse().unwrap()),
                )));
            }
            match asked.as_str() {
                "panic" => panic!("no answer"),
                "hang" => hang(seen).await,
                "agent" => Ok(tonic::Response::new(text(agent.unwrap().to_str().unwrap()))),
                "bad header" => {
                    let mut response = tonic::Response::new(text(""));
                    response
                        .metadata_mut()
                        .insert("connection", "close".parse().unwrap());
                    Ok(response)
                }
                _ => Ok(tonic::Response::new(text(asked))),
            }
        })
    }
}

struct Numbers(Arc<Seen>);

impl Service<tonic::Request<Text>> for Numbers {
    type Response = tonic::Response<Texts>;
    type Error = Status;
    type Future = BoxFuture<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    /// Numbers up to the one asked for, then what the rest of the request says.
    fn call(&mut self, request: tonic::Request<Text>) -> Self::Future {
        let asked = request.into_inner().text;
        let (count, then) = asked.split_once(' ').unwrap_or((&asked, "end"));
        let count: u64 = count.parse().unwrap();
        let numbers = tokio_stream::iter((0..count).map(|number| Ok(text(number.to_string()))));
        let texts: Texts = match then {
            "panic" => {
                // Not at once, or tonic would still hold the numbers back to send them together.
                let panic = tokio_stream::iter([()]).then(|()| async {
                    tokio::task::yield_now().await;
                    panic!("no more")
                });
                Box::pin(numbers.chain(panic))
            }
            "hang" => {
                let guard = Hanging::new(self.0.clone());
                Box::pin(numbers.chain(tokio_stream::pending()).map(move |text| {
                    let _ = &guard;
                    text
                }))
            }
            then => {
                let last = then
                    .strip_prefix("big ")
                    .map(|length| length.parse().unwrap());
                let last = last.map(|length| Ok(text("x".repeat(length))));
                Box::pin(numbers.chain(tokio_stream::iter(last)))
            }
        };
        Box::pin(async { Ok(tonic::Response::new(texts)) })
    }
}

struct Chat(Arc<Seen>);

impl Service<tonic::Request<Streaming<Text>>> for Chat {
    type Response = tonic::Response<Texts>;
    type Error = Status;
    type Future = BoxFuture<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    /// Repeats what it is told. Told `mute` first, it answers but never reads again.
    fn call(&mut self, request: tonic::Request<Streaming<Text>>) -> Self::Future {
        let seen = self.0.clone();
        Box::pin(async move {
            let mut heard = request.into_inner();
            let first = heard.message().await?;
            let guard = Hanging::new(seen.clone());
            let mute = first.as_ref().is_some_and(|first| first.text == "mute");
            let rest = std::future::poll_fn(move |cx| {
                let _ = &guard;
                if mute {
                    Poll::Pending
                } else {
                    Pin::new(&mut heard).poll_next(cx)
                }
            });
            let rest = Repeat {
                seen,
                rest,
                ended: false,
            };
            let texts: Texts = Box::pin(tokio_stream::iter(first.map(Ok)).chain(rest));
            Ok(tonic::Response::new(texts))
        })
    }
}

/// The rest of a request, noting how it ends.
struct Repeat<F> {
    seen: Arc<Seen>,
    rest: F,
    ended: bool,
}

impl<F> Stream for Repeat<F>
where
    F: Future<Output = Option<Result<Text, Status>>> + Unpin,
{
    type Item = Result<Text, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = std::task::ready!(Pin::new(&mut self.rest).poll(cx));
        if !matches!(next, Some(Ok(_))) {
            self.ended = true;
            self.seen.clean_end.store(next.is_none(), Ordering::SeqCst);
            self.seen.ended.add_permits(1);
        }
        Poll::Ready(next)
    }
}

async fn hang<T>(seen: Arc<Seen>) -> T {
    let _guard = Hanging::new(seen);
    std::future::pending().await
}

struct Hanging(Arc<Seen>);

impl Hanging {
    fn new(seen: Arc<Seen>) -> Self {
        seen.hanging.add_permits(1);
        Self(seen)
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.0.dropped.add_permits(1);
    }
}
