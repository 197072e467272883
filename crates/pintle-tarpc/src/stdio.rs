//! The two streams on which a host hears what a plugin prints.

use std::io;

use pintle_core::{Output, StdioChannel, StdioStream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How much a host takes at a time, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// Plugin side: sends what is printed, as it is printed, until nothing is any more. Then both
/// streams have ended in order.
pub(crate) async fn send(
    mut printed: StdioStream,
    mut stdout: impl AsyncWrite + Send + Unpin,
    mut stderr: impl AsyncWrite + Send + Unpin,
) -> io::Result<()> {
    while let Some((channel, chunk)) = printed.next().await {
        let to: &mut (dyn AsyncWrite + Unpin + Send) = match channel {
            StdioChannel::Stdout => &mut stdout,
            StdioChannel::Stderr => &mut stderr,
        };
        to.write_all(&chunk).await?;
        to.flush().await?;
    }
    stdout.shutdown().await?;
    stderr.shutdown().await
}

/// Host side: delivers what the plugin prints until it prints no more.
pub(crate) async fn follow(
    mut stream: impl AsyncRead + Unpin,
    channel: StdioChannel,
    output: Output,
) {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match stream.read(&mut chunk).await {
            Ok(0) => return,
            Ok(length) => output.deliver(channel, &chunk[..length]).await,
            Err(error) => {
                return tracing::debug!(%error, ?channel, "the plugin's output is no longer followed");
            }
        }
    }
}
