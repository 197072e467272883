//! HTTP/2 inside streams, as gRPC over one connection has it.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinSet;

use crate::support::{pair, pattern, soon};

async fn echo(
    request: Request<hyper::body::Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    Ok(Response::new(Full::new(
        request.into_body().collect().await?.to_bytes(),
    )))
}

#[tokio::test]
async fn http2_connections_run_inside_streams_and_leave_nothing_open() {
    let pair = pair();
    for seed in 0..4 {
        let (near, far) = pair.stream().await;
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            drop(
                server
                    .serve_connection(TokioIo::new(far), service_fn(echo))
                    .await,
            );
        });
        let (mut requests, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(near))
                .await
                .unwrap();
        connections.spawn(async { drop(connection.await) });
        let mut answers: JoinSet<Result<(), Infallible>> = JoinSet::new();
        for call in 0..10 {
            let bytes = Bytes::from(pattern(seed + call, 1 << 18));
            let request = Request::post("http://inside/")
                .body(Full::new(bytes.clone()))
                .unwrap();
            let answer = requests.send_request(request);
            answers.spawn(async move {
                let body = answer.await.unwrap().into_body().collect().await.unwrap();
                assert!(body.to_bytes() == bytes);
                Ok(())
            });
        }
        while let Some(answer) = soon(answers.join_next()).await {
            answer.unwrap().unwrap();
        }
        drop(requests);
        while let Some(connection) = soon(connections.join_next()).await {
            connection.unwrap();
        }
    }
    soon(async {
        while !(pair.client.is_idle() && pair.server.is_idle()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
