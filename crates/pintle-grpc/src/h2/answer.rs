//! One call, from its request to the end of its answer.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use ::h2::{Reason, RecvStream, SendStream, server::SendResponse};
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::Body as _;
use pintle_core::Pieces;
use tonic::{Status, body::Body};

use super::{
    deadline::Deadline,
    panic,
    pump::{Pump, PumpError},
    receive::{Receiver, RequestBody},
    router::{Router, UnaryRoute},
    settings::Limits,
    status,
    whole::Received,
};

/// Answers one call.
///
/// The service's future and its answer are dropped as soon as the caller cancels, the deadline
/// passes or the connection ends.
pub(crate) async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Pieces>,
    router: Router,
    limits: Limits,
) {
    let mut deadline = None;
    let response = match Deadline::of(request.headers(), None) {
        Ok(asked) => {
            deadline = asked;
            let request =
                request.map(|body| Body::new(RequestBody::new(body, limits.decode_bytes)));
            let handled = handle(&router, request);
            tokio::select! {
                biased;
                handled = Deadline::bound(deadline.as_mut(), handled) => {
                    handled.unwrap_or_else(Status::into_http)
                }
                _ = poll_fn(|cx| respond.poll_reset(cx)) => return,
            }
        }
        Err(malformed) => malformed.into_http(),
    };
    let (mut head, body) = response.into_parts();
    status::correct_oversize_in(&mut head.headers);
    let without_body = body.is_end_stream();
    let head = Response::from_parts(head, ());
    if let Some(stream) = send_head(&mut respond, head, without_body)
        && !without_body
    {
        send_body(body, stream, deadline).await;
    }
}

/// Answers one call that has one message each way; otherwise as [`answer`].
pub(crate) async fn unary(
    request: Request<RecvStream>,
    mut respond: SendResponse<Pieces>,
    route: Arc<dyn UnaryRoute>,
    limits: Limits,
) {
    let answered = match Deadline::of(request.headers(), None) {
        Ok(mut deadline) => {
            let handled = handle_unary(request, &*route, limits);
            tokio::select! {
                biased;
                handled = Deadline::bound(deadline.as_mut(), handled) => handled.and_then(|it| it),
                _ = poll_fn(|cx| respond.poll_reset(cx)) => return,
            }
        }
        Err(malformed) => Err(malformed),
    };
    let frame = match answered {
        Ok(frame) => frame,
        Err(status) => {
            let head = status.into_http::<Body>().map(drop);
            send_head(&mut respond, head, true);
            return;
        }
    };
    let mut head = Response::new(());
    head.headers_mut()
        .insert(header::CONTENT_TYPE, status::GRPC_CONTENT_TYPE);
    if let Some(mut stream) = send_head(&mut respond, head, false) {
        // Failing means that the stream is gone, and with it whoever would read this. What the
        // peer's window has no room for, HTTP/2 keeps.
        let _ = stream.send_data(frame, false);
        let well = HeaderMap::from_iter([(status::GRPC_STATUS, HeaderValue::from_static("0"))]);
        let _ = stream.send_trailers(well);
    }
}

/// From the message of a call to that of its answer.
async fn handle_unary(
    request: Request<RecvStream>,
    route: &dyn UnaryRoute,
    limits: Limits,
) -> Result<Pieces, Status> {
    let (head, body) = request.into_parts();
    let mut receiver = Receiver::new(body, limits.decode_bytes);
    let received = Received::all_of(&mut receiver).await;
    let message = received.map_err(Status::from)?.message()?;
    let mut handled = panic::catch(HANDLER, || route.call(head.uri, message))?;
    let handled = poll_fn(
        |cx| match panic::catch(HANDLER, || handled.as_mut().poll(cx)) {
            Ok(polled) => polled,
            Err(status) => Poll::Ready(Err(status)),
        },
    );
    handled.await?.within(limits.encode_bytes)
}

/// Runs the service up to the head of its answer.
async fn handle(router: &Router, request: Request<Body>) -> Response<Body> {
    let handled = match panic::catch(HANDLER, || router.call(request)) {
        Ok(handled) => handled,
        Err(status) => return status.into_http(),
    };
    let mut handled = pin!(handled);
    poll_fn(
        |cx| match panic::catch(HANDLER, || handled.as_mut().poll(cx)) {
            Ok(polled) => polled,
            Err(status) => Poll::Ready(status.into_http()),
        },
    )
    .await
}

/// Sends the head, or says that it was no valid head.
fn send_head(
    respond: &mut SendResponse<Pieces>,
    head: Response<()>,
    end: bool,
) -> Option<SendStream<Pieces>> {
    if let Ok(stream) = respond.send_response(head, end) {
        return Some(stream);
    }
    // The stream is gone, or the service set a header that HTTP/2 forbids.
    let status = Status::internal("the answer has headers that HTTP/2 does not allow");
    if respond.send_response(status.into_http(), true).is_err() {
        respond.send_reset(Reason::INTERNAL_ERROR);
    }
    None
}

async fn send_body(body: Body, stream: SendStream<Pieces>, mut deadline: Option<Deadline>) {
    let mut pump = Pump::new(HANDLER, body, stream);
    let sent = Deadline::bound(deadline.as_mut(), poll_fn(|cx| pump.poll(cx))).await;
    match sent {
        Ok(Ok(()) | Err(PumpError::Stream)) => {}
        Ok(Err(PumpError::Body(status))) | Err(status) => pump.end_with(&status),
    }
}

const HANDLER: &str = "the handler";
