//! The stdio service: how a host hears what a plugin prints.

#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;

use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;
use pintle_core::{Output, StdioChannel, StdioSource, StdioStream};
use tonic::{Code, Request, Response, Status};

use crate::h2::Channel;
use crate::pb::StdioData;
use crate::pb::grpc_stdio_client::GrpcStdioClient;
use crate::pb::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use crate::pb::stdio_data;

pub(crate) fn service(source: StdioSource) -> GrpcStdioServer<impl GrpcStdio> {
    GrpcStdioServer::new(Stdio { source })
}

struct Stdio {
    source: StdioSource,
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = Pin<Box<dyn Stream<Item = Result<StdioData, Status>> + Send>>;

    async fn stream_stdio(
        &self,
        _: Request<()>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        let stream = self.source.attach().ok_or_else(|| {
            Status::failed_precondition("the plugin's stdout and stderr are already being followed")
        })?;
        Ok(Response::new(Box::pin(chunks(stream))))
    }
}

/// What the plugin prints, as messages.
fn chunks(stream: StdioStream) -> impl Stream<Item = Result<StdioData, Status>> + Send {
    futures_util::stream::unfold(stream, |mut stream| async {
        let (channel, data) = stream.next().await?;
        Some((Ok(message(channel, data)), stream))
    })
}

fn message(channel: StdioChannel, data: Bytes) -> StdioData {
    let channel = match channel {
        StdioChannel::Stdout => stdio_data::Channel::Stdout,
        StdioChannel::Stderr => stdio_data::Channel::Stderr,
    };
    StdioData {
        channel: channel.into(),
        data,
    }
}

/// How much a plugin may print in one message: many times what any sends, ours at most 64 KiB and one
/// in Go 1 KiB.
const MESSAGE_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// Host side: delivers what the plugin prints until it prints no more.
///
/// Old plugins, and those of other libraries, may not have the service.
pub(crate) async fn follow(channel: Channel, output: Output) {
    let mut client = GrpcStdioClient::new(channel).max_decoding_message_size(MESSAGE_LIMIT_BYTES);
    // A Go plugin answers only with the first chunk: this may wait for long.
    let followed = async {
        let mut chunks = client.stream_stdio(()).await?.into_inner();
        while let Some(chunk) = chunks.message().await? {
            deliver(&output, &chunk).await;
            // A plugin that floods its output must not keep the host from its calls.
            tokio::task::yield_now().await;
        }
        Ok::<_, Status>(())
    };
    if let Err(status) = followed.await {
        match status.code() {
            Code::Unavailable | Code::Unimplemented | Code::Cancelled => {
                tracing::debug!(%status, "the plugin's stdout and stderr are no longer followed");
            }
            _ => tracing::warn!(%status, "the plugin's stdout and stderr cannot be followed"),
        }
    }
}

async fn deliver(output: &Output, chunk: &StdioData) {
    match channel_of(chunk) {
        Some(channel) => output.deliver(channel, &chunk.data).await,
        None => {
            tracing::debug!(
                channel = chunk.channel,
                "output of an unknown channel is dropped"
            );
        }
    }
}

fn channel_of(chunk: &StdioData) -> Option<StdioChannel> {
    match chunk.channel() {
        stdio_data::Channel::Stdout => Some(StdioChannel::Stdout),
        stdio_data::Channel::Stderr => Some(StdioChannel::Stderr),
        stdio_data::Channel::Invalid => None,
    }
}
