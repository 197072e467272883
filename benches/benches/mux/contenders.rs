//! Who is timed: the bare socket, pintle-mux, and the two yamux crates set up as well as they can be.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use futures_util::io::AsyncWriteExt as _;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::compat::{FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};

pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Both ends of every stream.
type Pairs = Vec<(Box<dyn Io>, Box<dyn Io>)>;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Contender {
    Socket,
    Pintle,
    Yamux,
    TokioYamux,
}

impl Contender {
    pub(crate) const ALL: [Self; 4] = [Self::Socket, Self::Pintle, Self::Yamux, Self::TokioYamux];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Socket => "raw socket",
            Self::Pintle => "pintle-mux",
            Self::Yamux => "yamux 0.14.1",
            Self::TokioYamux => "tokio-yamux",
        }
    }

    /// Opens streams; what must run beside them goes to `drivers`.
    pub(crate) async fn pairs(
        self,
        streams: usize,
        buffer: Option<usize>,
        drivers: &mut JoinSet<()>,
    ) -> Pairs {
        match self {
            Self::Socket => (0..streams)
                .map(|_| sockets(buffer))
                .map(|(a, b)| (Box::new(a) as Box<dyn Io>, Box::new(b) as Box<dyn Io>))
                .collect(),
            Self::Pintle => pintle(streams, sockets(buffer), drivers).await,
            Self::Yamux => yamux(streams, sockets(buffer), drivers).await,
            Self::TokioYamux => tokio_yamux(streams, sockets(buffer), drivers).await,
        }
    }
}

fn sockets(buffer: Option<usize>) -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().expect("a socket pair is made");
    for socket in [&a, &b] {
        if let Some(bytes) = buffer {
            SockRef::from(socket)
                .set_send_buffer_size(bytes)
                .expect("the size is allowed");
            SockRef::from(socket)
                .set_recv_buffer_size(bytes)
                .expect("the size is allowed");
        }
    }
    (a, b)
}

async fn pintle(
    streams: usize,
    (a, b): (UnixStream, UnixStream),
    drivers: &mut JoinSet<()>,
) -> Pairs {
    let (read, write) = a.into_split();
    let (near, driver) = pintle_mux::Session::client_from(read, write, Default::default());
    drivers.spawn(async { drop(driver.await) });
    let (read, write) = b.into_split();
    let (far, driver) = pintle_mux::Session::server_from(read, write, Default::default());
    drivers.spawn(async { drop(driver.await) });
    let mut pairs: Pairs = Vec::new();
    for _ in 0..streams {
        let opened = near.open().await.expect("a stream opens");
        let accepted = far.accept().await.expect("a stream arrives");
        pairs.push((Box::new(opened), Box::new(accepted)));
    }
    pairs
}

async fn yamux(
    streams: usize,
    (a, b): (UnixStream, UnixStream),
    drivers: &mut JoinSet<()>,
) -> Pairs {
    use yamux::{Config, Connection, Mode};
    let config = || {
        let mut config = Config::default();
        config.set_split_send_size(256 << 10);
        config
    };
    let (opened, mut near) = mpsc::unbounded_channel();
    let (accepted, mut far) = mpsc::unbounded_channel();
    let client = Connection::new(a.compat(), config(), Mode::Client);
    let server = Connection::new(b.compat(), config(), Mode::Server);
    drivers.spawn(drive_yamux(client, streams, opened));
    drivers.spawn(drive_yamux(server, 0, accepted));
    let mut pairs: Pairs = Vec::new();
    for _ in 0..streams {
        let mut near = near.recv().await.expect("a stream opens");
        // Nothing is announced before the first write.
        near.write_all(&[]).await.expect("the connection is open");
        let _ = near.write(&[]).await.expect("the connection is open");
        let far = far.recv().await.expect("a stream arrives");
        pairs.push((Box::new(near.compat()), Box::new(far.compat())));
    }
    pairs
}

/// Polls the connection as its documentation asks, after opening the streams.
async fn drive_yamux(
    mut connection: yamux::Connection<tokio_util::compat::Compat<UnixStream>>,
    mut to_open: usize,
    streams: mpsc::UnboundedSender<yamux::Stream>,
) {
    std::future::poll_fn(|cx| {
        loop {
            if to_open > 0
                && let Poll::Ready(Ok(stream)) = connection.poll_new_outbound(cx)
            {
                to_open -= 1;
                let _ = streams.send(stream);
                continue;
            }
            match ready!(connection.poll_next_inbound(cx)) {
                Some(Ok(stream)) => drop(streams.send(stream)),
                _ => return Poll::Ready(()),
            }
        }
    })
    .await;
}

async fn tokio_yamux(
    streams: usize,
    (a, b): (UnixStream, UnixStream),
    drivers: &mut JoinSet<()>,
) -> Pairs {
    use tokio_yamux::{Config, Session};
    let config = Config {
        max_stream_window_size: 16 << 20,
        ..Config::default()
    };
    let mut near = Session::new_client(a, config);
    let mut far = Session::new_server(b, config);
    let mut control = near.control();
    let (accepted, mut arrivals) = mpsc::unbounded_channel();
    drivers.spawn(async move { while near.next().await.is_some() {} });
    drivers.spawn(async move {
        while let Some(Ok(stream)) = far.next().await {
            let _ = accepted.send(stream);
        }
    });
    let mut pairs: Pairs = Vec::new();
    for _ in 0..streams {
        let opened = control.open_stream().await.expect("a stream opens");
        let accepted = arrivals.recv().await.expect("a stream arrives");
        pairs.push((Box::new(Peeking(opened)), Box::new(Peeking(accepted))));
    }
    pairs
}

/// Takes window updates in while it writes; a stream of tokio-yamux that only writes never would.
struct Peeking(tokio_yamux::StreamHandle);

impl AsyncRead for Peeking {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, to)
    }
}

impl AsyncWrite for Peeking {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.0).poll_write(cx, bytes);
        if written.is_pending() {
            let _ = self.0.poll_peek(cx, &mut ReadBuf::new(&mut [0]));
            return Pin::new(&mut self.0).poll_write(cx, bytes);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
