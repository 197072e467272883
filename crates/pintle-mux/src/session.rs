//! A connection shared by many streams.

mod alarm;
mod driver;
mod link;
mod patience;
mod reader;
mod timer;
mod writer;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

pub use self::driver::Driver;
pub(crate) use self::link::{Link, lock, try_lock};
pub(crate) use self::reader::{Pulled, Step};
pub(crate) use self::writer::MAX_PARTS;
use crate::config::Config;
use crate::error::{OpenError, SessionEnd};
use crate::state::{Counters, Role, State};
use crate::stream::Stream;

/// A handle on one session; clones are equal.
///
/// When the last handle is dropped the session closes as with [`close`](Self::close).
#[derive(Debug, Clone)]
pub struct Session {
    handle: Arc<Handle>,
}

/// Closes the session with the last [`Session`]; streams hold the link alone.
#[derive(Debug)]
struct Handle {
    link: Arc<Link>,
}

impl Session {
    /// The side that connected. The second value must be polled for anything to happen.
    pub fn client<T>(io: T, config: Config) -> (Self, Driver)
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (read, write) = tokio::io::split(io);
        Self::client_from(read, write, config)
    }

    /// The side that was connected to. The second value must be polled for anything to happen.
    pub fn server<T>(io: T, config: Config) -> (Self, Driver)
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (read, write) = tokio::io::split(io);
        Self::server_from(read, write, config)
    }

    /// As [`client`](Self::client), for a connection that comes in two halves which do not hinder
    /// each other, as those of a socket do.
    pub fn client_from<R, W>(read: R, write: W, config: Config) -> (Self, Driver)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        Self::new(Role::Client, Box::new(read), Box::new(write), config)
    }

    /// As [`server`](Self::server), for a connection that comes in two halves which do not hinder
    /// each other, as those of a socket do.
    pub fn server_from<R, W>(read: R, write: W, config: Config) -> (Self, Driver)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        Self::new(Role::Server, Box::new(read), Box::new(write), config)
    }

    /// Opens a stream.
    ///
    /// The SYN is on its way, ahead of anything sent later, when this returns; the peer's word on it
    /// is not awaited, so a refusal shows as [`ConnectionReset`](std::io::ErrorKind::ConnectionReset)
    /// on the stream. Waits only while [`Config::accept_backlog`] opens have no answer yet.
    ///
    /// Cancel-safe: no stream is opened, or it is reset, if the future is dropped.
    ///
    /// # Errors
    ///
    /// When either side is closing, too many streams are open, or the session is over.
    pub async fn open(&self) -> Result<Stream, OpenError> {
        let link = &self.handle.link;
        let id = waiting(&link.openable, || link.with(State::open).transpose()).await?;
        let stream = Stream::new(id, Arc::clone(link));
        link.flush_inline();
        Ok(stream)
    }

    /// Takes the next stream the peer opened, in the order of their SYNs; `None` when there will be
    /// no more. A stream that the peer reset meanwhile is handed out too.
    ///
    /// Cancel-safe: no stream is lost if the future is dropped.
    pub async fn accept(&self) -> Option<Stream> {
        self.watch().accept().await
    }

    /// Waits for the end of the session and tells its reason, as often as asked. Cancel-safe.
    pub async fn closed(&self) -> SessionEnd {
        self.watch().closed().await
    }

    /// Asks for the end: no stream is opened or accepted from now on, streams of the peer that wait
    /// to be accepted are refused, and when the last open [`Stream`] is dropped the session ends.
    pub fn close(&self) {
        self.handle.link.with(State::close);
    }

    /// Ends the session now; open streams fail.
    pub fn abort(&self) {
        self.handle
            .link
            .with(|state| state.end(SessionEnd::Aborted));
    }

    /// No stream exists, not even one that waits to be accepted, and nothing waits to be sent.
    pub fn is_idle(&self) -> bool {
        self.handle.link.with(|state| state.is_idle())
    }

    /// What the session has done so far.
    pub fn counters(&self) -> Counters {
        self.handle.link.with(|state| state.counters())
    }

    /// What one may do with a session without keeping it open.
    pub(crate) fn watch(&self) -> Watch {
        Watch {
            link: Arc::clone(&self.handle.link),
        }
    }

    fn new(
        role: Role,
        read: link::BoxRead,
        write: link::BoxWrite,
        config: Config,
    ) -> (Self, Driver) {
        let state = State::new(role, config, driver::now);
        let link = Arc::new(Link::new(state, read, write));
        let handle = Arc::new(Handle {
            link: Arc::clone(&link),
        });
        (Self { handle }, Driver::new(link))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.link.with(State::close);
    }
}

/// A look at a session that does not keep it open.
#[derive(Debug)]
pub(crate) struct Watch {
    link: Arc<Link>,
}

impl Watch {
    pub(crate) async fn accept(&self) -> Option<Stream> {
        let link = &self.link;
        let id = waiting(&link.acceptable, || link.with(State::accept).transpose())
            .await
            .ok()?;
        let stream = Stream::new(id, Arc::clone(link));
        link.flush_inline();
        Some(stream)
    }

    pub(crate) async fn closed(&self) -> SessionEnd {
        let link = &self.link;
        waiting(&link.ended, || link.with(|state| state.ended().cloned())).await
    }
}

/// Tries until there is an answer, and waits for `notify` in between.
async fn waiting<T>(notify: &Notify, mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(answer) = attempt() {
            return answer;
        }
        let mut notified = std::pin::pin!(notify.notified());
        notified.as_mut().enable();
        // What happened before the line above woke nobody, so look once more.
        if let Some(answer) = attempt() {
            return answer;
        }
        notified.await;
    }
}
