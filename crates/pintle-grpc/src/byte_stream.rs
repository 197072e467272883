//! Byte streams over a gRPC call, for sessions where each brokered id has a
//! connection of its own.

mod body;
mod call;
mod chunk;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header};
use pintle_core::Tasks;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower_service::Service;

use crate::h2::{Channel, GRPC_CONTENT_TYPE, GRPC_STATUS, refused};
use body::{Incoming, Outgoing};

pub(crate) use call::{Call, Gone};

const SERVICE: &str = "pintle.ByteStream";
const PATH: &str = "/pintle.ByteStream/Open";

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
        tokio::select! {
            biased;
            () = answered.closed() => {}
            answer = call(channel, Outgoing::new(outgoing, None)) => {
                let _ = answered.send(answer);
            }
        }
    });
    Call::caller(id, answer, sender, tasks)
}

async fn call(mut channel: Channel, body: Outgoing) -> Result<Incoming, Status> {
    let mut request = Request::new(Body::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static(PATH);
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, GRPC_CONTENT_TYPE);
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    let (head, body) = channel.call(request).await?.into_parts();
    match refused(&head) {
        Some(status) => Err(status),
        None => Ok(Incoming::answer(body)),
    }
}

/// A service that gives the one stream it is opened for to the receiver.
pub(crate) fn offer(tasks: &Tasks) -> (Offered, oneshot::Receiver<Call>) {
    let (give, opened) = oneshot::channel();
    let offered = Offered {
        give: Arc::new(Mutex::new(Some(give))),
        tasks: tasks.clone(),
    };
    (offered, opened)
}

/// The service `pintle.ByteStream`.
///
/// It is no generated one, which would copy every byte twice more than is needed, from messages and
/// into them.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    give: Arc<Mutex<Option<oneshot::Sender<Call>>>>,
    tasks: Tasks,
}

impl Offered {
    fn open(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        if request.uri().path() != PATH {
            // The router says what is unknown.
            return Err(Status::unimplemented(""));
        }
        let give = self
            .give
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let give = give.ok_or_else(|| Status::already_exists("the stream is open already"))?;
        let (sender, outgoing) = mpsc::channel(CHUNKS_AHEAD);
        let incoming = Incoming::request(request.into_body());
        give.send(Call::callee(incoming, sender, &self.tasks))
            .map_err(|_| Status::cancelled("the offer was taken back"))?;
        let well = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]);
        let mut answer = Response::new(Body::new(Outgoing::new(outgoing, Some(well))));
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, GRPC_CONTENT_TYPE);
        Ok(answer)
    }
}

impl NamedService for Offered {
    const NAME: &'static str = SERVICE;
}

impl Service<Request<Body>> for Offered {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ready(Ok(self.open(request).unwrap_or_else(Status::into_http)))
    }
}
