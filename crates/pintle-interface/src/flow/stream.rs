//! Values that follow each other, made by one side and taken by the other.

mod lent;
mod received;

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{StreamExt as _, TryStreamExt as _};
use pintle_core::{BoxError, Stream as Wire};

use self::received::Received;
use super::failure::Failure;
use super::item::Item;

pub(crate) use lent::send;

/// Values that follow each other, as an argument or a result of a method.
///
/// The source stays with whoever made it. Values cross to the other side as
/// that side takes them, many at once if many are at hand, and none waits for
/// another. A value that was received can be given on.
///
/// - It ends with `None` only if the source ended.
/// - An error of the source, or of the way, is the last value.
/// - Dropping it drops the source on the other side, even while that waits for a value.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), pintle_interface::flow::StreamError> {
/// use futures_util::stream;
/// use pintle_interface::flow::Stream;
///
/// let mut primes = Stream::new(stream::iter([2, 3, 5]));
/// let mut sum = 0;
/// while let Some(prime) = primes.next().await {
///     sum += prime?;
/// }
/// assert_eq!(sum, 10);
/// # Ok(())
/// # }
/// ```
pub struct Stream<T> {
    /// None once it has ended.
    source: Option<Source<T>>,
}

type Source<T> = Pin<Box<dyn futures_core::Stream<Item = Result<T, StreamError>> + Send>>;

impl<T: 'static> Stream<T> {
    /// Takes values from `source`, which cannot fail.
    pub fn new(source: impl futures_core::Stream<Item = T> + Send + 'static) -> Self {
        Self::from_source(source.map(Ok))
    }

    /// Takes values from `source` until it ends or gives an error.
    ///
    /// The other side gets the error as [`StreamError::Failed`], with the text
    /// of the error and its sources; so does this side, if it reads by itself.
    pub fn try_new<E>(
        source: impl futures_core::Stream<Item = Result<T, E>> + Send + 'static,
    ) -> Self
    where
        E: Error + 'static,
    {
        Self::from_source(source.map_err(|error| Failure::of(&error).into()))
    }

    fn from_source(
        source: impl futures_core::Stream<Item = Result<T, StreamError>> + Send + 'static,
    ) -> Self {
        let source: Source<T> = Box::pin(source);
        let source = Some(source);
        Self { source }
    }
}

impl<T> Stream<T> {
    /// Takes the next value, when there is one; `None` at the end, and after an error.
    ///
    /// Cancel-safe: no value is lost with a future that was dropped.
    pub async fn next(&mut self) -> Option<Result<T, StreamError>> {
        poll_fn(|cx| self.poll_source(cx)).await
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, StreamError>>> {
        let Some(source) = &mut self.source else {
            return Poll::Ready(None);
        };
        let next = ready!(source.as_mut().poll_next(cx));
        if !matches!(next, Some(Ok(_))) {
            self.source = None;
        }
        Poll::Ready(next)
    }
}

impl<T: Item> Stream<T> {
    pub(crate) fn received(stream: Wire, max_item_bytes: usize) -> Self {
        Self::from_source(Received::new(stream, max_item_bytes))
    }
}

impl<T> futures_core::Stream for Stream<T> {
    type Item = Result<T, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_source(cx)
    }
}

impl<T> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

/// Why a [`Stream`] ended before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// Its source failed.
    #[error("{text}")]
    Failed {
        /// The kind of the first I/O error among the causes; [`Other`](ErrorKind::Other) if none is.
        kind: ErrorKind,
        /// What the error and its causes say, up to 1 KiB of it.
        text: String,
    },
    /// A value has more bytes than are taken.
    #[error("a value of the stream has {length} bytes, more than the {limit} that are taken")]
    TooLong {
        /// How long it is said to be.
        length: u64,
        /// How long a value may be.
        limit: usize,
    },
    /// The bytes of a value are no such value: the two sides differ in the type.
    #[error("a value of the stream cannot be decoded")]
    Undecodable(#[source] BoxError),
    /// It was broken off, because the other side or the session ended.
    ///
    /// On the host's side it leads to the reason why the session ended: see
    /// [`SessionClosed::of`](pintle_core::SessionClosed::of).
    #[error("the stream was broken off")]
    Broken(#[source] io::Error),
}

impl From<Failure> for StreamError {
    fn from(failure: Failure) -> Self {
        Self::Failed {
            kind: failure.kind(),
            text: failure.text().to_owned(),
        }
    }
}

impl StreamError {
    /// What the other side is told when this comes out of a stream that was given on.
    fn to_failure(&self) -> Failure {
        match self {
            Self::Failed { kind, text } => Failure::new(*kind, text.as_str()),
            other => Failure::of(other),
        }
    }
}
