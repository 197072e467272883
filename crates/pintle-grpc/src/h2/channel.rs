//! The calling end of a connection.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use ::h2::{PingPong, client::SendRequest};
use bytes::Bytes;
use http::{Request, Response, uri::PathAndQuery};
use pintle_core::Pieces;
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Status, body::Body};
use tower_service::Service;

use super::{
    BoxFuture, call,
    keepalive::silence,
    lost::{ConnectionLost, Ending, LostReason, SharedError},
    settings::{KeepAlive, Limits, Settings},
    unary,
    whole::UnaryMessage,
};

/// One HTTP/2 connection to make gRPC calls on; give a clone to each generated client.
///
/// It never reconnects. Once the connection is lost, every open call fails with `Unavailable`,
/// whose source is the reason, and so does every later one. When the last clone, open call and
/// answer is dropped, the connection is closed.
///
/// HTTP/2 numbers the calls of a connection, and there are 2³⁰ numbers: calls beyond that fail
/// with `Unavailable`.
#[derive(Clone)]
pub struct Channel(Arc<Connection>);

/// Why a new connection did not become a [`Channel`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The peer did not show that it speaks HTTP/2.
    #[error("the peer did not answer as an http/2 server within {0:?}")]
    TimedOut(Duration),
    /// The peer closed the connection before it answered.
    #[error("the peer closed the connection before it answered")]
    Closed,
    /// The socket failed, or the peer does not speak HTTP/2.
    #[error("the connection broke before the peer answered")]
    Broken(#[source] SharedError),
    /// The owner ended the connection before it was ready.
    #[error("connecting was cancelled")]
    Cancelled,
}

/// What the calls of a connection share.
pub(crate) struct Connection {
    pub(crate) requests: SendRequest<Pieces>,
    pub(crate) limits: Limits,
    pub(crate) default_timeout: Option<Duration>,
    pub(crate) tasks: TaskTracker,
    pub(crate) ending: Arc<Ending>,
    pub(crate) lost: LostReason,
}

/// How long a connection may outlive a stream that was cancelled on it and still count as its cause.
const DYING: Duration = Duration::from_millis(100);

impl Connection {
    /// Whether the connection is at its end.
    ///
    /// A process whose `main` panics drops its calls one by one, and each is cancelled on the wire,
    /// a moment before its connection goes.
    pub(crate) async fn ends_soon(&self) -> bool {
        let ended = timeout(DYING, self.ending.reason());
        ended.await.is_ok()
    }
}

impl Channel {
    /// Speaks HTTP/2 over `io` and waits for the first answer of the peer.
    ///
    /// The connection is driven by a task of `tasks`, which ends when the peer closes it, when
    /// the last user of the channel is gone, or at once when `cancel` is cancelled. A call whose
    /// request does not end at once has one more task, which ends with the call.
    ///
    /// Dropping the future closes `io`.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if the peer does not answer in time, closes, or does not speak HTTP/2.
    pub(crate) async fn connect<IO>(
        io: IO,
        settings: &Settings,
        tasks: &TaskTracker,
        cancel: CancellationToken,
        lost: LostReason,
    ) -> Result<Self, ConnectError>
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let answered = timeout(settings.handshake_timeout, handshake(io, settings));
        let (requests, connection, pings) = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(ConnectError::Cancelled),
            answered = answered => {
                answered.map_err(|_| ConnectError::TimedOut(settings.handshake_timeout))??
            }
        };
        let ending = Arc::new(Ending::default());
        tasks.spawn(drive(
            connection,
            pings,
            settings.keepalive,
            cancel,
            ending.clone(),
        ));
        Ok(Self(Arc::new(Connection {
            requests,
            limits: settings.limits,
            default_timeout: settings.default_timeout,
            tasks: tasks.clone(),
            ending,
            lost,
        })))
    }

    /// The same connection for calls that its owner waits for before it knows why the connection
    /// was lost: when they fail with it they do not ask, lest the two wait for each other.
    pub(crate) fn unexplained(&self) -> Self {
        let Connection {
            requests,
            limits,
            default_timeout,
            tasks,
            ending,
            lost: _,
        } = &*self.0;
        Self(Arc::new(Connection {
            requests: requests.clone(),
            limits: *limits,
            default_timeout: *default_timeout,
            tasks: tasks.clone(),
            ending: ending.clone(),
            lost: Arc::new(|| Box::pin(std::future::ready(None))),
        }))
    }

    /// Makes one call with one message each way, whose bytes are the caller's business.
    ///
    /// It is on the wire what a generated client does, for less: for those who have an encoding of
    /// their own, and no use for metadata. `timeout` counts from now; without one the transport's
    /// default holds, if it has any. The answer is part of the buffer that it came in, without a
    /// copy where that could be.
    ///
    /// Dropping the future cancels the call and tells the peer.
    ///
    /// # Errors
    /// The status the call ended with. `ResourceExhausted` where a message is longer than its
    /// [`Limits`]; `Unavailable`, with the reason as its source, where the connection is lost.
    pub async fn unary(
        &self,
        path: PathAndQuery,
        timeout: Option<Duration>,
        message: UnaryMessage,
    ) -> Result<Bytes, Status> {
        let frame = message.within(self.0.limits.encode_bytes)?;
        unary::unary(&self.0, path, timeout, frame).await
    }

    /// Cancelled when the connection is gone.
    pub(crate) fn over(&self) -> CancellationToken {
        self.0.ending.token()
    }

    /// Resolves when the connection is gone, with the reason. Cancel-safe, and does not keep the
    /// connection open.
    pub fn closed(&self) -> impl Future<Output = ConnectionLost> + Send + use<> {
        let ending = self.0.ending.clone();
        async move { ending.reason().await }
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<Result<Response<Body>, Status>>;

    /// Always ready: a call fails or waits by itself.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    /// Dropping the future, or the body it yields, cancels the call and tells the peer.
    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(call::call(self.0.clone(), request))
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("ending", &self.0.ending)
            .finish_non_exhaustive()
    }
}

type H2Connection<IO> = ::h2::client::Connection<IO, Pieces>;

/// Opens HTTP/2 and has the peer answer a ping.
///
/// A server need not speak first, so without the ping a socket nobody serves, or a TLS peer that
/// refuses our certificate after its own handshake, would look like a connection.
async fn handshake<IO>(
    io: IO,
    settings: &Settings,
) -> Result<(SendRequest<Pieces>, H2Connection<IO>, PingPong), ConnectError>
where
    IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let broken = |error: ::h2::Error| ConnectError::Broken(Arc::new(error));
    let (requests, mut connection) = settings.client().handshake(io).await.map_err(broken)?;
    let mut pings = connection
        .ping_pong()
        .expect("a new connection has its pings");
    tokio::select! {
        biased;
        pong = pings.ping(::h2::Ping::opaque()) => { pong.map_err(broken)?; }
        ended = &mut connection => {
            return Err(ended.map_or_else(broken, |()| ConnectError::Closed));
        }
    }
    Ok((requests, connection, pings))
}

/// The task of a connection.
async fn drive<IO>(
    connection: H2Connection<IO>,
    pings: PingPong,
    keepalive: Option<KeepAlive>,
    cancel: CancellationToken,
    ending: Arc<Ending>,
) where
    IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // A task that is dropped with its runtime must wake the waiters too.
    let _over = ending.token().drop_guard();
    let lost = tokio::select! {
        biased;
        () = cancel.cancelled() => ConnectionLost::Closed,
        // Read first: an answer that is there counts, though nobody had time for it until now.
        ended = connection => match ended {
            Ok(()) => ConnectionLost::PeerClosed,
            Err(error) => ConnectionLost::Broken(Arc::new(error)),
        },
        () = silence(pings, keepalive) => ConnectionLost::Silent,
    };
    ending.set(lost);
}
