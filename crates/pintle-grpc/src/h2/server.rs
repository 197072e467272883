//! The answering end of a connection.

use std::{sync::Arc, time::Duration};

use ::h2::{RecvStream, server::SendResponse};
use http::Request;
use pintle_core::Pieces;
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    BoxFuture,
    answer::{answer, unary},
    keepalive::silence,
    lost::SharedError,
    router::Router,
    settings::{Limits, Settings},
};

/// Why a connection was not served to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ServeError {
    /// The peer did not begin to speak HTTP/2.
    #[error("the peer did not begin to speak http/2 within {0:?}")]
    TimedOut(Duration),
    /// The peer left a keepalive ping without an answer.
    #[error("the peer did not answer a ping")]
    Silent,
    /// The socket failed, or the peer broke HTTP/2.
    #[error("the connection broke")]
    Broken(#[source] SharedError),
}

/// Serves `router` over `io` until the peer closes, the connection fails or `shutdown` is
/// cancelled.
///
/// Each call is a task of `tasks`; all of them have been told to end when this returns. On
/// `shutdown` new calls are refused and open ones may go on for the grace of the settings: a
/// service with streams that stay open should end them on the same token.
///
/// Dropping the future closes the connection and drops its open calls at once.
///
/// # Errors
///
/// [`ServeError`] if the peer does not speak HTTP/2, falls silent or breaks the connection.
pub(crate) async fn serve_connection<IO>(
    io: IO,
    router: Router,
    settings: &Settings,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Result<(), ServeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let opened = timeout(
        settings.handshake_timeout,
        settings.server().handshake::<_, Pieces>(io),
    );
    let mut connection = tokio::select! {
        biased;
        () = shutdown.cancelled() => return Ok(()),
        opened = opened => opened
            .map_err(|_| ServeError::TimedOut(settings.handshake_timeout))?
            .map_err(broken)?,
    };
    let calls = Calls::new(router, settings.limits, tasks);
    let pings = connection
        .ping_pong()
        .expect("a new connection has its pings");
    let mut silent = std::pin::pin!(silence(pings, settings.keepalive));
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            // Read first: an answer that is there counts, though nobody had time for it until now.
            next = connection.accept() => match next {
                Some(call) => calls.begin(call.map_err(broken)?),
                None => return Ok(()),
            },
            () = &mut silent => return Err(ServeError::Silent),
        }
    }
    connection.graceful_shutdown();
    let drained = async {
        // What the peer sent before it learnt of the end is still answered.
        while let Some(Ok(call)) = connection.accept().await {
            calls.begin(call);
        }
    };
    // Calls that are still open after the grace are dropped with `calls`.
    let _ = timeout(settings.shutdown_grace, drained).await;
    Ok(())
}

/// The open calls of a connection. Dropping it drops them.
struct Calls {
    router: Router,
    limits: Limits,
    tasks: TaskTracker,
    over: CancellationToken,
}

impl Calls {
    fn new(router: Router, limits: Limits, tasks: &TaskTracker) -> Self {
        Self {
            router,
            limits,
            tasks: tasks.clone(),
            over: CancellationToken::new(),
        }
    }

    fn begin(&self, (request, respond): (Request<RecvStream>, SendResponse<Pieces>)) {
        // Boxed, for a task moves its future several times, and this is a large one.
        let call: BoxFuture<()> = match self.router.unary(&request) {
            Some(route) => Box::pin(unary(request, respond, route, self.limits)),
            None => {
                let router = self.router.clone();
                Box::pin(answer(request, respond, router, self.limits))
            }
        };
        self.tasks
            .spawn(self.over.clone().run_until_cancelled_owned(call));
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

fn broken(error: ::h2::Error) -> ServeError {
    ServeError::Broken(Arc::new(error))
}
