//! Byte streams by id, whatever the transport.

use std::fmt;

use crate::error::BoxError;
use crate::net::Stream;
use crate::runner::BoxFuture;
use crate::tasks::Tasks;

/// What every transport's broker can do: extra byte streams between host and
/// plugin, opened by whichever side likes.
///
/// One side [offers](Self::offer) a stream and sends its id inside a message of
/// the application's own; the other [opens](Self::stream) it. Serving something
/// under an id is the transport's own: see its broker.
///
/// A stream is secured as the session is, and carries bytes both ways, each
/// direction with an end of its own:
///
/// - `shutdown` ends the writing direction: the other side reads all that was
///   written and then the end, even if the stream is dropped after. Reading goes
///   on until the other side ends its own direction.
/// - Dropping a stream that was not shut down breaks it off: the other side
///   reads what had arrived, perhaps less than was written, and then fails with
///   [`ConnectionReset`](std::io::ErrorKind::ConnectionReset); it never takes
///   half for the whole.
/// - Writing waits while the other side does not read. Writing to a stream whose
///   other end was dropped fails, though perhaps only after a while.
/// - When the session ends, reads and writes fail; on the host's side the error
///   leads to its reason: see [`SessionClosed::of`](crate::SessionClosed::of).
pub trait Broker: fmt::Debug + Send + Sync + 'static {
    /// Offers a stream under a fresh id.
    ///
    /// Dropping the future, or the offer, takes it back.
    ///
    /// # Errors
    /// The transport's broker error, when the session has ended or nothing can be made to listen on.
    fn offer(&self) -> BoxFuture<'_, Result<StreamOffer, BoxError>>;

    /// Opens the stream that the other side offers under `id`.
    ///
    /// Dropping the future leaves nothing.
    ///
    /// # Errors
    /// The transport's broker error, when the other side does not offer it in time or the session
    /// has ended.
    fn stream(&self, id: u32) -> BoxFuture<'_, Result<Stream, BoxError>>;

    /// The owner of the session's tasks, for what must run beside a call: pumping bytes into a
    /// stream, say.
    fn tasks(&self) -> Tasks;
}

/// A stream that the other side has yet to open.
pub struct StreamOffer {
    id: u32,
    arriving: BoxFuture<'static, Result<Stream, BoxError>>,
}

impl StreamOffer {
    /// For transports: `arriving` ends with the stream, or with an error within
    /// the transport's deadline; dropping it takes the offer back.
    pub fn new(
        id: u32,
        arriving: impl Future<Output = Result<Stream, BoxError>> + Send + 'static,
    ) -> Self {
        Self {
            id,
            arriving: Box::pin(arriving),
        }
    }

    /// The id to send to the other side.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Waits until the other side has opened the stream. Dropping the future takes the offer back.
    ///
    /// # Errors
    /// The transport's broker error, when the other side does not come in time or the session has
    /// ended.
    pub async fn accept(self) -> Result<Stream, BoxError> {
        self.arriving.await
    }
}

impl fmt::Debug for StreamOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamOffer")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
