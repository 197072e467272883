//! How a plugin finds its host among those who connect to its socket.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use pintle_core::{Listener, Net, Stream};
use pintle_mux::{Config, Session};

use super::{Driving, Trunk};

/// How long a new connection may take to show that it is the host's.
const FIRST_STREAM: Duration = Duration::from_secs(10);

/// How many connections may be at it; the oldest gives way to one more.
const MAX_CANDIDATES: usize = 64;

impl Trunk {
    /// Plugin side: waits for the host, and gives its first stream, secured by `net`.
    ///
    /// Whoever can open the socket can connect to it. The host is the one that
    /// proves it on the first stream; others are let go, and keep nobody out.
    pub(crate) async fn accept(&self, listener: &Listener, net: &Net) -> Stream {
        let mut candidates = Candidates::default();
        let found = loop {
            tokio::select! {
                found = poll_fn(|cx| candidates.poll(cx)) => break found,
                incoming = listener.accept() => {
                    candidates.push(candidate(incoming.into_bare(), net.clone()));
                }
            }
        };
        self.begin(found.session, found.driver);
        found.first
    }
}

/// The connection of the host.
struct Found {
    session: Session,
    driver: Driving,
    first: Stream,
}

/// Finds out whether a connection is the host's: its first stream must pass the handshake.
async fn candidate(connection: Stream, net: Net) -> Option<Found> {
    let (session, driver) = Session::server(connection, Config::default());
    let mut driver: Driving = Box::pin(driver.map(|_| ()));
    let first = async {
        let stream = session.accept().await?;
        net.incoming(Stream::new(stream)).secure().await.ok()
    };
    let first = tokio::select! {
        first = tokio::time::timeout(FIRST_STREAM, first) => first.ok().flatten(),
        () = &mut driver => None,
    };
    match first {
        Some(first) => Some(Found {
            session,
            driver,
            first,
        }),
        None => {
            tracing::warn!("a connection that is not the host's was refused");
            None
        }
    }
}

/// The connections that may be the host's, oldest first.
#[derive(Default)]
struct Candidates {
    queue: VecDeque<Pin<Box<dyn Future<Output = Option<Found>> + Send>>>,
}

impl Candidates {
    fn push(&mut self, candidate: impl Future<Output = Option<Found>> + Send + 'static) {
        if self.queue.len() == MAX_CANDIDATES {
            self.queue.pop_front();
            tracing::warn!("a connection gives way: too many were made and show nothing");
        }
        self.queue.push_back(Box::pin(candidate));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Found> {
        let mut found = None;
        self.queue.retain_mut(|candidate| {
            let polled = candidate.as_mut().poll(cx);
            match polled {
                Poll::Pending => true,
                Poll::Ready(candidate) => {
                    found = found.take().or(candidate);
                    false
                }
            }
        });
        found.map_or(Poll::Pending, Poll::Ready)
    }
}
