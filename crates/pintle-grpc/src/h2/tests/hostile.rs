//! Peers that are silent, broken or lying.

use std::{sync::Arc, time::Duration};

use ::h2::{Reason, SendStream, client::SendRequest, server::SendResponse};
use bytes::Bytes;
use http::{HeaderMap, Request as HttpRequest, Response, StatusCode};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Code, Status};

use super::{
    echo::{Echo, Seen, text},
    pair::{connect, unary},
};
use crate::h2::{ConnectError, ConnectionLost, KeepAlive, Router, Settings, serve_connection};

fn echo_router() -> (Router, Arc<Seen>) {
    let echo = Echo::default();
    let seen = echo.seen.clone();
    let mut router = Router::default();
    router.add(echo).unwrap();
    (router, seen)
}

/// An HTTP/2 client that does only what it is told.
pub(super) struct RawClient(SendRequest<Bytes>);

pub(super) struct Answer {
    head: Response<()>,
    trailers: HeaderMap,
}

impl Answer {
    pub(super) fn status(&self) -> Status {
        Status::from_header_map(&self.trailers)
            .or_else(|| Status::from_header_map(self.head.headers()))
            .unwrap()
    }
}

impl RawClient {
    pub(super) async fn call(&mut self, head: http::request::Builder, asked: &str) -> Answer {
        let message = text(asked).encode_to_vec();
        let mut body = vec![0];
        body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        body.extend(message);
        let (response, mut stream) = self.0.send_request(head.body(()).unwrap(), false).unwrap();
        stream.send_data(body.into(), true).unwrap();
        let (head, mut body) = response.await.unwrap().into_parts();
        while let Some(data) = body.data().await {
            let length = data.unwrap().len();
            body.flow_control().release_capacity(length).unwrap();
        }
        let trailers = body.trailers().await.unwrap().unwrap_or_default();
        Answer {
            head: Response::from_parts(head, ()),
            trailers,
        }
    }
}

pub(super) async fn raw_client(settings: Settings) -> (RawClient, Arc<Seen>) {
    let (io, peer) = duplex(64 * 1024);
    let (router, seen) = echo_router();
    tokio::spawn(async move {
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        serve_connection(peer, router, &settings, &tasks, &shutdown).await
    });
    let (requests, connection) = ::h2::client::handshake(io).await.unwrap();
    tokio::spawn(connection);
    (RawClient(requests), seen)
}

/// An HTTP/2 server that gives every call to `answer`, and keeps open what that leaves open.
pub(super) fn raw_server(
    io: DuplexStream,
    answer: impl Fn(&mut SendResponse<Bytes>) -> Option<SendStream<Bytes>> + Send + 'static,
) {
    tokio::spawn(async move {
        let mut connection = ::h2::server::handshake(io).await.unwrap();
        let mut kept = Vec::new();
        while let Some(Ok((_request, mut respond))) = connection.accept().await {
            let stream = answer(&mut respond);
            kept.push((respond, stream));
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_not_a_connection() {
    let (io, _silent) = duplex(1024);
    let failed = connect(io, &Settings::default()).await.unwrap_err();
    assert!(matches!(failed, ConnectError::TimedOut(_)), "{failed}");

    let (io, _silent) = duplex(1024);
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let served = serve_connection(
        io,
        Router::default(),
        &Settings::default(),
        &tasks,
        &shutdown,
    )
    .await;
    assert!(served.unwrap_err().to_string().contains("within 20s"));
}

#[tokio::test]
async fn a_peer_that_closes_is_not_a_connection() {
    let (io, peer) = duplex(1024);
    drop(peer);
    let failed = connect(io, &Settings::default()).await.unwrap_err();
    assert!(
        matches!(failed, ConnectError::Closed | ConnectError::Broken(_)),
        "{failed}"
    );
}

#[tokio::test]
async fn garbage_from_a_server_is_not_a_connection() {
    let (io, mut peer) = duplex(64 * 1024);
    peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        .await
        .unwrap();
    let failed = connect(io, &Settings::default()).await.unwrap_err();
    assert!(matches!(failed, ConnectError::Broken(_)), "{failed}");
}

#[tokio::test]
async fn garbage_from_a_client_ends_only_its_connection() {
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let (router, _) = echo_router();
        let (mut io, peer) = duplex(64 * 1024);
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        io.write_all(garbage).await.unwrap();
        let settings = Settings::default();
        let served = serve_connection(peer, router.clone(), &settings, &tasks, &shutdown).await;
        assert!(served.is_err());
        let mut rest = Vec::new();
        io.read_to_end(&mut rest).await.unwrap();

        let (near, far) = duplex(64 * 1024);
        tokio::spawn(
            async move { serve_connection(far, router, &settings, &tasks, &shutdown).await },
        );
        let channel = connect(near, &Settings::default()).await.unwrap();
        assert_eq!(unary(&channel, text("alive")).await.unwrap(), "alive");
    }
}

#[tokio::test]
async fn what_is_not_a_call_is_refused_with_the_code_of_http() {
    let (mut client, _) = raw_client(Settings::default()).await;
    let put = HttpRequest::put("http://localhost/test.Echo/Unary");
    let answer = client.call(put, "").await;
    assert_eq!(answer.head.status(), StatusCode::METHOD_NOT_ALLOWED);
    for content_type in ["text/html", "application/grpc-web"] {
        let post = HttpRequest::post("http://localhost/test.Echo/Unary");
        let answer = client
            .call(post.header("content-type", content_type), "")
            .await;
        assert_eq!(answer.head.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}

#[tokio::test]
async fn status_details_that_are_not_base64_do_not_panic_the_caller() {
    let headers = [("grpc-status", "3"), ("grpc-status-details-bin", "%%%")];
    for in_trailers in [false, true] {
        let (io, peer) = duplex(64 * 1024);
        raw_server(peer, move |respond| {
            let mut head = Response::new(());
            let mut trailers = HeaderMap::new();
            let target = if in_trailers {
                &mut trailers
            } else {
                head.headers_mut()
            };
            for (name, value) in headers {
                target.insert(name, value.parse().unwrap());
            }
            let mut stream = respond.send_response(head, !in_trailers).unwrap();
            if in_trailers {
                stream.send_trailers(trailers).unwrap();
            }
            None
        });
        let channel = connect(io, &Settings::default()).await.unwrap();
        let status = unary(&channel, text("")).await.unwrap_err();
        assert_eq!(
            (status.code(), status.details()),
            (Code::InvalidArgument, &b""[..])
        );
    }
}

#[tokio::test]
async fn an_answer_without_a_status_is_not_a_success() {
    let (io, peer) = duplex(64 * 1024);
    raw_server(peer, |respond| {
        let mut stream = respond.send_response(Response::new(()), false).unwrap();
        stream
            .send_data(Bytes::from_static(&[0, 0, 0, 0, 0]), true)
            .unwrap();
        None
    });
    let channel = connect(io, &Settings::default()).await.unwrap();
    let status = unary(&channel, text("")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
}

#[tokio::test]
async fn a_reset_is_the_status_of_its_call_alone() {
    for (reason, code) in [
        (Reason::CANCEL, Code::Cancelled),
        (Reason::REFUSED_STREAM, Code::Unavailable),
        (Reason::ENHANCE_YOUR_CALM, Code::ResourceExhausted),
        (Reason::INADEQUATE_SECURITY, Code::PermissionDenied),
        (Reason::INTERNAL_ERROR, Code::Internal),
        (Reason::NO_ERROR, Code::Internal),
    ] {
        for after_head in [false, true] {
            let (io, peer) = duplex(64 * 1024);
            raw_server(peer, move |respond| {
                if after_head {
                    let mut stream = respond.send_response(Response::new(()), false).unwrap();
                    stream.send_reset(reason);
                } else {
                    respond.send_reset(reason);
                }
                None
            });
            let channel = connect(io, &Settings::default()).await.unwrap();
            for _ in 0..2 {
                let status = unary(&channel, text("")).await.unwrap_err();
                assert_eq!(status.code(), code, "{reason:?}, head sent: {after_head}");
            }
        }
    }
}

/// As by a process that drops what it has before it dies.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_just_before_its_connection_ends_was_lost_with_it() {
    let (io, peer) = duplex(64 * 1024);
    tokio::spawn(async move {
        let mut connection = ::h2::server::handshake::<DuplexStream>(peer).await.unwrap();
        let (_request, mut respond) = connection.accept().await.unwrap().unwrap();
        respond.send_reset(Reason::CANCEL);
        // The reset is sent, and then nobody is there any more.
        let _ = tokio::time::timeout(Duration::from_millis(10), connection.accept()).await;
    });
    let channel = connect(io, &Settings::default()).await.unwrap();
    let status = unary(&channel, text("")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let source = std::error::Error::source(&status).unwrap();
    assert!(source.is::<ConnectionLost>(), "{source}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_is_noticed_by_its_silence() {
    let (io, peer) = duplex(64 * 1024);
    let frozen = CancellationToken::new();
    let freeze = frozen.clone();
    let (alive, kept) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut connection = ::h2::server::handshake::<DuplexStream>(peer).await.unwrap();
        tokio::select! {
            _ = connection.accept() => {}
            () = freeze.cancelled() => {}
        }
        // Keeps the socket open and reads no more.
        let _ = alive.send(connection);
    });
    let keepalive = KeepAlive {
        interval: Duration::from_secs(10),
        timeout: Duration::from_secs(5),
    };
    let settings = Settings {
        keepalive: Some(keepalive),
        ..Settings::default()
    };
    let channel = connect(io, &settings).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    frozen.cancel();
    let frozen_at = tokio::time::Instant::now();
    let status = unary(&channel, text("")).await.unwrap_err();
    assert_eq!(status.message(), "the peer did not answer a ping");
    assert!(frozen_at.elapsed() <= Duration::from_secs(15));
    assert!(matches!(channel.closed().await, ConnectionLost::Silent));
    drop(kept);
}

/// The process had no time to read it before, on a machine that is busy.
#[tokio::test]
async fn an_answer_to_a_ping_that_is_there_when_the_time_is_up_counts() {
    const KEEPALIVE: KeepAlive = KeepAlive {
        interval: Duration::from_millis(1),
        timeout: Duration::from_secs(3600),
    };
    const PREFACE_BYTES: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
    // By way of the kernel: it wakes nobody before the runtime looks, which is when the time is up.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut peer = TcpStream::connect(address).await.unwrap();
    let (io, _) = listener.accept().await.unwrap();
    let settings = Settings {
        keepalive: Some(KEEPALIVE),
        ..Settings::default()
    };
    let (channel, ()) = tokio::join!(connect(io, &settings), async {
        let no_settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        peer.write_all(&no_settings).await.unwrap();
        peer.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        answer_ping(&mut peer).await;
    });
    let channel = channel.unwrap();
    answer_ping(&mut peer).await;
    tokio::time::pause();
    tokio::time::advance(KEEPALIVE.timeout).await;
    let lost = tokio::time::timeout(Duration::from_secs(1), channel.closed()).await;
    assert!(lost.is_err(), "the peer is alive: {lost:?}");
}

/// The next one. Nobody else runs after the answer.
async fn answer_ping(peer: &mut TcpStream) {
    const PING: u8 = 6;
    const ACK: u8 = 1;
    loop {
        let mut frame = vec![0; 9];
        peer.read_exact(&mut frame).await.unwrap();
        let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]);
        frame.resize(9 + length as usize, 0);
        peer.read_exact(&mut frame[9..]).await.unwrap();
        if frame[3] == PING && frame[4] & ACK == 0 {
            frame[4] |= ACK;
            assert_eq!(peer.try_write(&frame).unwrap(), frame.len());
            return;
        }
    }
}
