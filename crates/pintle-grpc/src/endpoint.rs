//! Serves services to everyone who connects to a listener.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pintle_core::{Incoming, Listener, Net, NetError, Stream, Tasks};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::h2::{Router, Settings, serve_connection};
use crate::trunk::Door;

/// Where connections come from.
pub(crate) enum Source {
    /// A socket of their own.
    Listener(Listener),
    /// Streams of the session's one connection.
    Trunk {
        streams: mpsc::Receiver<Stream>,
        net: Net,
        /// Where they knock; the main connection has no door.
        _door: Option<Door>,
    },
}

impl Source {
    /// The next connection; `None` when there will be no more. Cancel-safe.
    async fn next(&mut self) -> Option<Incoming> {
        match self {
            Self::Listener(listener) => Some(listener.accept().await),
            Self::Trunk { streams, net, .. } => Some(net.incoming(streams.recv().await?)),
        }
    }
}

/// Whether anybody came.
pub(crate) enum Wanted {
    Yes,
    No,
}

/// Serves until `stop`, and then until every connection has ended, which the
/// settings bound; at once when `tasks` are stopped.
pub(crate) async fn serve(
    source: Source,
    router: Router,
    settings: Settings,
    tasks: Tasks,
    stop: CancellationToken,
) {
    let never = Duration::MAX;
    serve_while_wanted(source, router, settings, tasks, stop, never).await;
}

/// As [`serve`], but gives up if nobody connects within `patience`.
pub(crate) async fn serve_while_wanted(
    mut source: Source,
    router: Router,
    settings: Settings,
    tasks: Tasks,
    stop: CancellationToken,
    patience: Duration,
) -> Wanted {
    let connections = TaskTracker::new();
    let came = Arc::new(AtomicBool::new(false));
    let mut patience_ends = pin!(tokio::time::sleep(patience));
    let mut impatient = false;
    loop {
        let incoming = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            incoming = source.next() => incoming,
            () = &mut patience_ends, if !impatient => {
                // A stranger who could not prove to be the peer has not come.
                if !came.load(Ordering::Relaxed) {
                    return Wanted::No;
                }
                impatient = true;
                continue;
            }
        };
        let Some(incoming) = incoming else { break };
        let serving = serve_incoming(
            incoming,
            Arc::clone(&came),
            router.clone(),
            settings.clone(),
            tasks.clone(),
            stop.clone(),
        );
        tasks.spawn(connections.track_future(serving));
    }
    // Nobody connects any more; the socket's file is gone with the listener.
    drop(source);
    connections.close();
    connections.wait().await;
    Wanted::Yes
}

/// Serves the first who passes the handshake until they leave or `over`; gives up if nobody does
/// within `patience`, or before `stop`.
pub(crate) async fn serve_one(
    mut source: Source,
    router: Router,
    settings: Settings,
    tasks: Tasks,
    [stop, over]: [CancellationToken; 2],
    patience: Duration,
) -> Wanted {
    let mut unwanted = pin!(tokio::time::sleep(patience));
    loop {
        let secured = async { Some(source.next().await?.secure().await) };
        let secured = tokio::select! {
            biased;
            () = stop.cancelled() => return Wanted::Yes,
            secured = secured => secured,
            () = &mut unwanted => return Wanted::No,
        };
        match secured {
            Some(Ok(stream)) => {
                // Nobody else is to come.
                drop(source);
                serve_stream(stream, &router, &settings, &tasks, &over).await;
                return Wanted::Yes;
            }
            Some(Err(error)) => refused(&error),
            None => return Wanted::Yes,
        }
    }
}

async fn serve_incoming(
    incoming: Incoming,
    came: Arc<AtomicBool>,
    router: Router,
    settings: Settings,
    tasks: Tasks,
    stop: CancellationToken,
) {
    let stream = tokio::select! {
        () = stop.cancelled() => return,
        stream = incoming.secure() => stream,
    };
    match stream {
        Ok(stream) => {
            came.store(true, Ordering::Relaxed);
            serve_stream(stream, &router, &settings, &tasks, &stop).await;
        }
        Err(error) => refused(&error),
    }
}

/// Whoever it was, the peer we expect can still connect.
pub(crate) fn refused(error: &NetError) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(error, "a connection was refused");
}

/// Serves one connection, already secured, until it ends or `stop`.
pub(crate) async fn serve_stream(
    stream: Stream,
    router: &Router,
    settings: &Settings,
    tasks: &Tasks,
    stop: &CancellationToken,
) {
    let served = serve_connection(stream, router.clone(), settings, tasks.tracker(), stop);
    if let Err(error) = served.await {
        let error = &error as &dyn std::error::Error;
        tracing::debug!(error, "a connection ended");
    }
}
