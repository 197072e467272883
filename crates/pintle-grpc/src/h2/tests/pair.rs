//! A channel and the connection that serves it.

use std::sync::{Arc, Mutex};

use http::uri::PathAndQuery;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio_stream::Stream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{IntoRequest, IntoStreamingRequest, Status, Streaming, client::Grpc};

use super::echo::{Codec, Echo, Seen, Text, text};
use crate::h2::{
    Channel, ConnectError, Limits, LostReason, Router, Settings, SharedError, serve_connection,
};

pub(super) struct Pair {
    pub(super) channel: Channel,
    pub(super) seen: Arc<Seen>,
    /// Owns every task of both ends.
    pub(super) tasks: TaskTracker,
    /// Ends the channel.
    pub(super) cancel: CancellationToken,
    /// Asks the serving end to end.
    pub(super) shutdown: CancellationToken,
    /// Cuts the connection as the death of the peer would.
    pub(super) cut: CancellationToken,
    /// What the owner of the channel knows about the end of the connection.
    pub(super) reason: Arc<Mutex<Option<SharedError>>>,
}

impl Pair {
    pub(super) async fn new() -> Self {
        Self::with(
            Settings::default(),
            Settings::default(),
            Some(Limits::default()),
        )
        .await
    }

    /// `stub` is the limit the service has of its own.
    pub(super) async fn with(near: Settings, far: Settings, stub: Option<Limits>) -> Self {
        let echo = Echo {
            limits: stub,
            ..Echo::default()
        };
        let seen = echo.seen.clone();
        let mut router = Router::default();
        router.add(echo).unwrap();
        Self {
            seen,
            ..Self::of(router, near, far).await
        }
    }

    /// A pair whose service sees nothing.
    pub(super) async fn of(router: Router, near: Settings, far: Settings) -> Self {
        let (io, peer) = tokio::io::duplex(64 * 1024);
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let (cancel, cut) = (CancellationToken::new(), CancellationToken::new());
        let serving = serve(peer, router, far, tasks.clone(), shutdown.clone());
        tasks.spawn(cut.clone().run_until_cancelled_owned(serving));
        let reason = Arc::new(Mutex::new(None));
        let lost = reason_from(reason.clone());
        let channel = Channel::connect(io, &near, &tasks, cancel.clone(), lost)
            .await
            .unwrap();
        Self {
            channel,
            seen: Arc::default(),
            tasks,
            cancel,
            shutdown,
            cut,
            reason,
        }
    }

    pub(super) async fn unary(&self, asked: &str) -> Result<String, Status> {
        unary(&self.channel, text(asked)).await
    }

    pub(super) async fn stream(&self, asked: &str) -> Result<Streaming<Text>, Status> {
        stream(&self.channel, text(asked)).await
    }

    pub(super) async fn chat(
        &self,
        said: impl Stream<Item = Text> + Send + 'static,
    ) -> Result<Streaming<Text>, Status> {
        let path = PathAndQuery::from_static("/test.Echo/Chat");
        let said = said.into_streaming_request();
        stub(&self.channel)
            .streaming(said, path, Codec::default())
            .await
            .map(|r| r.into_inner())
    }
}

async fn serve(
    io: DuplexStream,
    router: Router,
    settings: Settings,
    tasks: TaskTracker,
    shutdown: CancellationToken,
) {
    // The tests look at what the other end sees.
    let _ = serve_connection(io, router, &settings, &tasks, &shutdown).await;
}

/// A channel to whatever is behind `io`.
pub(super) async fn connect<IO>(io: IO, settings: &Settings) -> Result<Channel, ConnectError>
where
    IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let lost = reason_from(Arc::default());
    let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
    Channel::connect(io, settings, &tasks, cancel, lost).await
}

fn reason_from(reason: Arc<Mutex<Option<SharedError>>>) -> LostReason {
    Arc::new(move || {
        let reason = reason.lock().unwrap().clone();
        Box::pin(std::future::ready(reason))
    })
}

fn stub(channel: &Channel) -> Grpc<Channel> {
    Grpc::new(channel.clone()).max_decoding_message_size(usize::MAX)
}

pub(super) async fn unary(
    channel: &Channel,
    asked: impl IntoRequest<Text>,
) -> Result<String, Status> {
    unary_at(channel, "/test.Echo/Unary", asked).await
}

pub(super) async fn unary_at(
    channel: &Channel,
    path: &'static str,
    asked: impl IntoRequest<Text>,
) -> Result<String, Status> {
    let path = PathAndQuery::from_static(path);
    let answer = stub(channel)
        .unary(asked.into_request(), path, Codec::default())
        .await?;
    Ok(answer.into_inner().text)
}

pub(super) async fn stream(
    channel: &Channel,
    asked: impl IntoRequest<Text>,
) -> Result<Streaming<Text>, Status> {
    let path = PathAndQuery::from_static("/test.Echo/Stream");
    let answer = stub(channel)
        .server_streaming(asked.into_request(), path, Codec::default())
        .await?;
    Ok(answer.into_inner())
}

/// Everything a stream yields, and how it ends.
pub(super) async fn collect(mut texts: Streaming<Text>) -> (Vec<String>, Result<(), Status>) {
    let mut collected = Vec::new();
    loop {
        match texts.message().await {
            Ok(Some(text)) => collected.push(text.text),
            Ok(None) => return (collected, Ok(())),
            Err(status) => return (collected, Err(status)),
        }
    }
}
