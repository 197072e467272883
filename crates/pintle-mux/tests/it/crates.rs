//! The two yamux crates as peers, in both roles, each opening to the other.
//!
//! What is not asked of them is known to fail between two of their own: `yamux` neither announces
//! nor acknowledges a stream before its first write, `tokio-yamux` does not notice a grown window
//! while it only writes.

use std::task::{Poll, ready};

use futures_util::StreamExt;
use pintle_mux::{Config, Session};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};

use crate::support::{echo, exchange, pattern, soon, spawn};

const STREAMS: usize = 16;
const BYTES: usize = 1 << 20;

/// Our session and what must run beside it.
fn ours(client: bool, drivers: &mut JoinSet<()>) -> (Session, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    let session = match client {
        true => Session::client(a, Config::default()),
        false => Session::server(a, Config::default()),
    };
    (spawn(session, drivers), b)
}

/// We open and the peer echoes.
async fn check_echoed(session: &Session) {
    let mut exchanges = JoinSet::new();
    for seed in 0..STREAMS {
        let stream = session.open().await.unwrap();
        exchanges.spawn(async move {
            let bytes = pattern(seed, BYTES);
            assert!(exchange(stream, &bytes).await == bytes);
        });
    }
    while let Some(result) = soon(exchanges.join_next()).await {
        result.unwrap();
    }
}

/// The peer opens and we echo.
fn echo_all(session: &Session, tasks: &mut JoinSet<()>) {
    let session = session.clone();
    tasks.spawn(async move {
        let mut echoes = JoinSet::new();
        while let Some(stream) = session.accept().await {
            echoes.spawn(async { drop(echo(stream).await) });
        }
    });
}

async fn check_peer_exchange<T: AsyncRead + AsyncWrite + Send + 'static>(streams: Vec<T>) {
    let mut exchanges = JoinSet::new();
    for (seed, stream) in streams.into_iter().enumerate() {
        exchanges.spawn(async move {
            let bytes = pattern(seed, BYTES);
            assert!(exchange(stream, &bytes).await == bytes);
        });
    }
    while let Some(result) = soon(exchanges.join_next()).await {
        result.unwrap();
    }
}

mod libp2p {
    use super::*;
    use yamux::{Config, Connection, Mode, Stream};

    /// Polls a connection; yields the streams it opened, then those it accepted.
    fn drive(
        socket: UnixStream,
        mode: Mode,
        mut to_open: usize,
        tasks: &mut JoinSet<()>,
    ) -> mpsc::UnboundedReceiver<Compat<Stream>> {
        let (found, streams) = mpsc::unbounded_channel();
        tasks.spawn(async move {
            let mut connection = Connection::new(socket.compat(), Config::default(), mode);
            std::future::poll_fn(|cx| {
                loop {
                    if to_open > 0
                        && let Poll::Ready(Ok(stream)) = connection.poll_new_outbound(cx)
                    {
                        to_open -= 1;
                        let _ = found.send(stream.compat());
                        continue;
                    }
                    match ready!(connection.poll_next_inbound(cx)) {
                        Some(Ok(stream)) => drop(found.send(stream.compat())),
                        _ => return Poll::Ready(()),
                    }
                }
            })
            .await;
        });
        streams
    }

    #[tokio::test]
    async fn yamux_echoes_what_we_send_in_either_role() {
        for (client, mode) in [(true, Mode::Server), (false, Mode::Client)] {
            let mut tasks = JoinSet::new();
            let (session, socket) = ours(client, &mut tasks);
            let mut streams = drive(socket, mode, 0, &mut tasks);
            tasks.spawn(async move {
                let mut echoes = JoinSet::new();
                while let Some(stream) = streams.recv().await {
                    echoes.spawn(async { drop(echo(stream).await) });
                }
                while echoes.join_next().await.is_some() {}
            });
            check_echoed(&session).await;
        }
    }

    #[tokio::test]
    async fn we_echo_what_yamux_sends_in_either_role() {
        for (client, mode) in [(true, Mode::Server), (false, Mode::Client)] {
            let mut tasks = JoinSet::new();
            let (session, socket) = ours(client, &mut tasks);
            echo_all(&session, &mut tasks);
            let mut opened = drive(socket, mode, STREAMS, &mut tasks);
            let mut streams = Vec::new();
            while streams.len() < STREAMS {
                streams.push(soon(opened.recv()).await.unwrap());
            }
            check_peer_exchange(streams).await;
        }
    }
}

mod tentacle {
    use super::*;
    use tokio_yamux::{Config, Session as Peer};

    fn peer(socket: UnixStream, ours_is_client: bool) -> Peer<UnixStream> {
        match ours_is_client {
            true => Peer::new_server(socket, Config::default()),
            false => Peer::new_client(socket, Config::default()),
        }
    }

    #[tokio::test]
    async fn tokio_yamux_echoes_what_we_send_in_either_role() {
        for client in [true, false] {
            let mut tasks = JoinSet::new();
            let (session, socket) = ours(client, &mut tasks);
            let mut peer = peer(socket, client);
            tasks.spawn(async move {
                let mut echoes = JoinSet::new();
                while let Some(Ok(mut stream)) = peer.next().await {
                    // One task reads and writes in turn, so windows are noticed.
                    echoes.spawn(async move {
                        let mut piece = vec![0; 16 << 10];
                        loop {
                            match stream.read(&mut piece).await.unwrap() {
                                0 => break,
                                length => stream.write_all(&piece[..length]).await.unwrap(),
                            }
                        }
                        stream.shutdown().await.unwrap();
                    });
                }
                while echoes.join_next().await.is_some() {}
            });
            let mut exchanges = JoinSet::new();
            for seed in 0..STREAMS {
                let mut stream = session.open().await.unwrap();
                exchanges.spawn(async move {
                    // Within one window at a time, for the same reason.
                    for round in 0..BYTES / 100_000 {
                        let bytes = pattern(seed + round, 100_000);
                        stream.write_all(&bytes).await.unwrap();
                        let mut back = vec![0; bytes.len()];
                        stream.read_exact(&mut back).await.unwrap();
                        assert!(back == bytes);
                    }
                    stream.shutdown().await.unwrap();
                    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
                });
            }
            while let Some(result) = soon(exchanges.join_next()).await {
                result.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn we_echo_what_tokio_yamux_sends_in_either_role() {
        for client in [true, false] {
            let mut tasks = JoinSet::new();
            let (session, socket) = ours(client, &mut tasks);
            echo_all(&session, &mut tasks);
            let mut peer = peer(socket, client);
            let mut control = peer.control();
            tasks.spawn(async move { while peer.next().await.is_some() {} });
            let mut streams = Vec::new();
            for _ in 0..STREAMS {
                streams.push(soon(control.open_stream()).await.unwrap());
            }
            check_peer_exchange(streams).await;
        }
    }
}
