//! Byte streams over a gRPC call, for sessions where each brokered id has a
//! connection of its own.

mod call;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use futures_core::Stream as MessageStream;
use pintle_core::Tasks;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::generated::pintle::Chunk;
use crate::generated::pintle::byte_stream_client::ByteStreamClient;
use crate::generated::pintle::byte_stream_server::{ByteStream, ByteStreamServer};
use crate::h2::Channel;

pub(crate) use call::{Call, Gone};

/// How many messages wait to be sent; a writer that is further ahead waits.
const CHUNKS_AHEAD: usize = 8;

/// Opens the stream that `channel`'s other side offers.
pub(crate) async fn open(channel: Channel, tasks: &Tasks) -> Result<Call, Status> {
    let (sender, outgoing) = mpsc::channel(CHUNKS_AHEAD);
    let mut client = ByteStreamClient::new(channel);
    let opened = client.open(ReceiverStream::new(outgoing)).await?;
    Ok(Call::caller(opened.into_inner(), sender, tasks))
}

/// A service that gives the one stream it is opened for to the receiver.
pub(crate) fn offer(
    tasks: &Tasks,
) -> (
    ByteStreamServer<impl ByteStream + use<>>,
    oneshot::Receiver<Call>,
) {
    let (give, opened) = oneshot::channel();
    let offered = Offered {
        give: Mutex::new(Some(give)),
        tasks: tasks.clone(),
    };
    (ByteStreamServer::new(offered), opened)
}

struct Offered {
    give: Mutex<Option<oneshot::Sender<Call>>>,
    tasks: Tasks,
}

#[tonic::async_trait]
impl ByteStream for Offered {
    type OpenStream = Pin<Box<dyn MessageStream<Item = Result<Chunk, Status>> + Send>>;

    async fn open(
        &self,
        request: Request<Streaming<Chunk>>,
    ) -> Result<Response<Self::OpenStream>, Status> {
        let give = self
            .give
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let give = give.ok_or_else(|| Status::already_exists("the stream is open already"))?;
        let (sender, outgoing) = mpsc::channel(CHUNKS_AHEAD);
        let call = Call::callee(request.into_inner(), sender, &self.tasks);
        give.send(call)
            .map_err(|_| Status::cancelled("the offer was taken back"))?;
        Ok(Response::new(Box::pin(
            ReceiverStream::new(outgoing).map(Ok),
        )))
    }
}
