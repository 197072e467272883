//! Serves services to everyone who connects to a listener.

use std::pin::pin;
use std::time::Duration;

use pintle_core::{Incoming, Listener, Tasks};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::h2::{Router, Settings, serve_connection};

/// Whether anybody came.
pub(crate) enum Wanted {
    Yes,
    No,
}

/// Serves until `stop`, and then until every connection has ended, which the
/// settings bound; at once when `tasks` are stopped.
pub(crate) async fn serve_listener(
    listener: Listener,
    router: Router,
    settings: Settings,
    tasks: Tasks,
    stop: CancellationToken,
) {
    let never = Duration::MAX;
    serve_while_wanted(listener, router, settings, tasks, stop, never).await;
}

/// As [`serve_listener`], but gives up if nobody connects within `patience`.
pub(crate) async fn serve_while_wanted(
    listener: Listener,
    router: Router,
    settings: Settings,
    tasks: Tasks,
    stop: CancellationToken,
    patience: Duration,
) -> Wanted {
    let connections = TaskTracker::new();
    let mut wanted = Wanted::No;
    let mut unwanted = pin!(tokio::time::sleep(patience));
    loop {
        let incoming = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            incoming = listener.accept() => incoming,
            () = &mut unwanted, if matches!(wanted, Wanted::No) => return wanted,
        };
        wanted = Wanted::Yes;
        let serving = serve_incoming(
            incoming,
            router.clone(),
            settings.clone(),
            tasks.clone(),
            stop.clone(),
        );
        tasks.spawn(connections.track_future(serving));
    }
    // Nobody connects any more; the socket's file is gone with the listener.
    drop(listener);
    connections.close();
    connections.wait().await;
    Wanted::Yes
}

async fn serve_incoming(
    incoming: Incoming,
    router: Router,
    settings: Settings,
    tasks: Tasks,
    stop: CancellationToken,
) {
    let stream = tokio::select! {
        () = stop.cancelled() => return,
        stream = incoming.secure() => stream,
    };
    let served = match stream {
        Ok(stream) => serve_connection(stream, router, &settings, tasks.tracker(), &stop).await,
        Err(error) => {
            // Whoever it was, the peer we expect can still connect.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a connection was refused"
            );
            return;
        }
    };
    if let Err(error) = served {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "a connection ended"
        );
    }
}
