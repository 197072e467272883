//! One call with one message each way, from its bytes to those of its answer.
//!
//! It is the same on the wire as what a generated client does. That goes through a stream of
//! messages in a body in a request, each with allocations of its own; here there are two frames out
//! and three back.

use std::{
    future::poll_fn,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header, uri::PathAndQuery};
use pintle_core::Pieces;
use tonic::Status;

use super::{
    call::{self, Failure},
    channel::Connection,
    deadline::{self, Deadline},
    receive::{ReceiveError, Receiver},
    status,
    whole::{Received, outcome, refused},
};

/// Makes one call; `frame` is its message with the prefix. Dropping the future cancels it.
///
/// # Errors
///
/// The status the call ended with.
pub(crate) async fn unary(
    connection: &Arc<Connection>,
    path: PathAndQuery,
    timeout: Option<Duration>,
    frame: Pieces,
) -> Result<Bytes, Status> {
    let timeout = timeout.or(connection.default_timeout);
    let mut deadline = timeout.map(Deadline::after);
    let head = head(path.clone(), timeout);
    let exchange = exchange(connection, head, frame);
    let answer = Deadline::bound(deadline.as_mut(), exchange).await?;
    match answer {
        Ok(message) => Ok(message),
        Err(Failure::Status(status)) => Err(status),
        Err(Failure::Stream(error)) => {
            Err(call::explain(connection, Some(&path), deadline.as_ref(), error).await)
        }
    }
}

async fn exchange(
    connection: &Connection,
    head: Request<()>,
    frame: Pieces,
) -> Result<Bytes, Failure> {
    let mut requests = connection.requests.clone();
    poll_fn(|cx| requests.poll_ready(cx))
        .await
        .map_err(Failure::Stream)?;
    let (response, mut stream) = requests
        .send_request(head, false)
        .map_err(Failure::Stream)?;
    // All of it is in memory already: what the peer's window has no room for, HTTP/2 keeps. If it
    // fails the stream is gone, and the answer says why.
    let _ = stream.send_data(frame, true);
    // Dropped later, it would wake the connection once more, for nothing.
    drop(stream);
    let (mut head, body) = response.await.map_err(Failure::Stream)?.into_parts();
    status::sanitize_details(&mut head.headers);
    if let Some(status) = refused(&head) {
        return Err(Failure::Status(status));
    }
    let mut receiver = Receiver::new(body, connection.limits.decode_bytes);
    let mut received = match Received::all_of(&mut receiver).await {
        Ok(received) => received,
        Err(ReceiveError::Oversized(oversized)) => return Err(Failure::Status(oversized.into())),
        Err(ReceiveError::Stream(error)) => return Err(Failure::Stream(error)),
    };
    let outcome = match &mut received.trailers {
        Some(trailers) => {
            status::sanitize_details(trailers);
            outcome(trailers)
        }
        None => outcome(&head.headers),
    };
    match outcome {
        Some(Ok(())) => received.message().map_err(Failure::Status),
        Some(Err(status)) => Err(Failure::Status(status)),
        None => Err(Failure::Status(Status::unknown(
            "the answer ended without a status",
        ))),
    }
}

fn head(path: PathAndQuery, timeout: Option<Duration>) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = Method::POST;
    let mut uri = Uri::default().into_parts();
    uri.path_and_query = Some(path);
    *head.uri_mut() = call::with_authority(uri);
    *head.version_mut() = http::Version::HTTP_2;
    *head.headers_mut() = usual_headers().clone();
    if let Some(timeout) = timeout {
        head.headers_mut()
            .insert(deadline::GRPC_TIMEOUT, deadline::header(timeout));
    }
    head
}

fn usual_headers() -> &'static HeaderMap {
    static USUAL: OnceLock<HeaderMap> = OnceLock::new();
    USUAL.get_or_init(|| {
        HeaderMap::from_iter([
            (header::TE, HeaderValue::from_static("trailers")),
            (header::CONTENT_TYPE, status::GRPC_CONTENT_TYPE),
            (
                header::USER_AGENT,
                HeaderValue::from_static(call::USER_AGENT),
            ),
        ])
    })
}
