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

/// Opens the stream that `channel`'s other side offers under `id`.
///
/// Nothing waits for the answer before something is read: a callee's library may send no headers
/// before its first message, and the callee may have none before it was written to.
pub(crate) fn open(id: u32, channel: Channel, tasks: &Tasks) -> Call {
    let (sender, outgoing) = mpsc::channel(CHUNKS_AHEAD);
    let (mut answered, answer) = oneshot::channel();
    // A task of its own, because the reader and the writer may both wait for what it does.
    tasks.spawn(async move {
        let mut client = ByteStreamClient::new(channel);
        tokio::select! {
            biased;
            () = answered.closed() => {}
            answer = client.open(ReceiverStream::new(outgoing)) => {
                let _ = answered.send(answer.map(Response::into_inner));
            }
        }
    });
    Call::caller(id, answer, sender, tasks)
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
