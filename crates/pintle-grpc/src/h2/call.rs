//! One call, from its request to the head of its answer.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use ::h2::{RecvStream, SendStream};
use http::{
    HeaderValue, Request, Response, Uri, Version, header,
    request::Parts,
    uri::{self, Authority, PathAndQuery, Scheme},
};
use pintle_core::{Pieces, SessionClosed};
use tokio::sync::oneshot;
use tonic::{Code, Status, body::Body};

use super::{
    channel::Connection,
    deadline::{self, Deadline},
    lost::{ConnectionLost, SharedError},
    pump::{Pump, PumpError},
    reply::ReplyBody,
    status,
};

/// Makes one call. Dropping the future cancels it.
///
/// # Errors
///
/// The status the call ended with, if it did before the answer began.
pub(crate) async fn call(
    connection: Arc<Connection>,
    request: Request<Body>,
) -> Result<Response<Body>, Status> {
    let (parts, body) = request.into_parts();
    let mut deadline = Deadline::of(&parts.headers, connection.default_timeout)?;
    let head = head(parts, &connection);
    let method = head.uri().path_and_query().cloned();
    let answer = Deadline::bound(deadline.as_mut(), exchange(&connection, head, body)).await?;
    match answer {
        Ok((response, upload)) => {
            let (mut head, stream) = response.into_parts();
            status::sanitize_details(&mut head.headers);
            let body = ReplyBody::new(connection, method, stream, upload, deadline);
            Ok(Response::from_parts(head, Body::new(body)))
        }
        Err(Failure::Status(status)) => Err(status),
        Err(Failure::Stream(error)) => {
            Err(explain(&connection, method.as_ref(), deadline.as_ref(), error).await)
        }
    }
}

/// The head of a request as HTTP/2 and gRPC want it.
fn head(parts: Parts, connection: &Connection) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = parts.method;
    *head.uri_mut() = with_authority(parts.uri.into_parts());
    *head.version_mut() = Version::HTTP_2;
    *head.headers_mut() = parts.headers;
    head.headers_mut()
        .entry(header::USER_AGENT)
        .or_insert(HeaderValue::from_static(USER_AGENT));
    if let Some(timeout) = connection.default_timeout {
        head.headers_mut()
            .entry(deadline::GRPC_TIMEOUT)
            .or_insert_with(|| deadline::header(timeout));
    }
    head
}

/// The URI with what HTTP/2 wants beside its path.
pub(crate) fn with_authority(mut uri: uri::Parts) -> Uri {
    uri.scheme.get_or_insert(Scheme::HTTP);
    uri.authority
        .get_or_insert(Authority::from_static(AUTHORITY));
    // A URI without a path has been given the rest; there is nothing to call, and the peer says so.
    Uri::from_parts(uri).unwrap_or_else(|_| Uri::from_static("http://localhost"))
}

/// How a call failed, before its connection has been asked why.
pub(crate) enum Failure {
    Status(Status),
    Stream(::h2::Error),
}

async fn exchange(
    connection: &Connection,
    head: Request<()>,
    body: Body,
) -> Result<(Response<RecvStream>, Upload), Failure> {
    let mut requests = connection.requests.clone();
    poll_fn(|cx| requests.poll_ready(cx))
        .await
        .map_err(Failure::Stream)?;
    let without_body = http_body::Body::is_end_stream(&body);
    let (response, stream) = requests
        .send_request(head, without_body)
        .map_err(Failure::Stream)?;
    let mut upload = if without_body {
        Upload::done()
    } else {
        Upload::start(connection, body, stream)
            .await
            .map_err(Failure::Status)?
    };
    tokio::select! {
        biased;
        failed = poll_fn(|cx| upload.poll_failed(cx)) => Err(Failure::Status(failed)),
        response = response => match response {
            Ok(response) => Ok((response, upload)),
            Err(error) => Err(Failure::Stream(error)),
        },
    }
}

/// The request of an open call, as seen by its answer.
///
/// Dropping it while the request is not finished resets the stream: HTTP/2 would otherwise keep it
/// open until both halves are dropped, and the peer would never learn that nobody listens.
#[derive(Debug)]
pub(crate) struct Upload(Option<oneshot::Receiver<Status>>);

impl Upload {
    fn done() -> Self {
        Self(None)
    }

    /// Sends what is ready of the request, and leaves the rest, if any, to a task.
    async fn start(
        connection: &Connection,
        body: Body,
        stream: SendStream<Pieces>,
    ) -> Result<Self, Status> {
        let mut pump = Pump::new("the request stream", body, stream);
        match poll_fn(|cx| Poll::Ready(pump.poll(cx))).await {
            Poll::Ready(Ok(()) | Err(PumpError::Stream)) => Ok(Self::done()),
            Poll::Ready(Err(PumpError::Body(status))) => {
                pump.cancel();
                Err(status)
            }
            Poll::Pending => {
                let (failed, upload) = oneshot::channel();
                let task = send_rest(pump, failed);
                let over = connection.ending.token();
                connection.tasks.spawn(over.run_until_cancelled_owned(task));
                Ok(Self(Some(upload)))
            }
        }
    }

    /// Ready with the status of a request that failed on this side.
    pub(crate) fn poll_failed(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        let Some(upload) = &mut self.0 else {
            return Poll::Pending;
        };
        match Future::poll(std::pin::Pin::new(upload), cx) {
            Poll::Ready(Ok(status)) => {
                self.0 = None;
                Poll::Ready(status)
            }
            Poll::Ready(Err(_finished)) => {
                self.0 = None;
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

async fn send_rest(mut pump: Pump, mut failed: oneshot::Sender<Status>) {
    let sent = tokio::select! {
        biased;
        () = failed.closed() => None,
        sent = poll_fn(|cx| pump.poll(cx)) => Some(sent),
    };
    match sent {
        Some(Ok(()) | Err(PumpError::Stream)) => {}
        // The status first, so that the answer does not take the reset for the reason.
        Some(Err(PumpError::Body(status))) => {
            let _ = failed.send(status);
            pump.cancel();
        }
        None => pump.cancel(),
    }
}

/// The status of a call whose stream failed with `error`.
pub(crate) async fn explain(
    connection: &Connection,
    method: Option<&PathAndQuery>,
    deadline: Option<&Deadline>,
    error: ::h2::Error,
) -> Status {
    let mut ends = error.is_io();
    if let Some(status) = status::of_reset(&error) {
        let cancelled = error.is_remote() && status.code() == Code::Cancelled;
        match deadline {
            // The peer has the same deadline and may be the first to notice.
            Some(deadline) if cancelled && deadline.has_passed() => return deadline.status(),
            _ if cancelled && connection.ends_soon().await => ends = true,
            _ => return status,
        }
    }
    // An I/O error means that the task of the connection is ending and will say why. Anything else
    // (the peer is going away, or no stream number is left) refuses this call alone.
    let ended: SharedError = if ends {
        Arc::new(connection.ending.reason().await)
    } else {
        Arc::new(ConnectionLost::Broken(Arc::new(error)))
    };
    let mut reason = (connection.lost)().await.unwrap_or(ended);
    if let (Some(closed), Some(method)) = (SessionClosed::of(&*reason), method) {
        reason = Arc::new(closed.during(method.path().trim_start_matches('/')));
    }
    let mut status = Status::unavailable(reason.to_string());
    status.set_source(reason);
    status
}

/// The same for every peer: a socket path is not a host name.
const AUTHORITY: &str = "localhost";

pub(crate) const USER_AGENT: &str = concat!("pintle-grpc/", env!("CARGO_PKG_VERSION"));
