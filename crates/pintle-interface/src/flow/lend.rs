//! How a flow comes to the other side: an id in a message, and a byte stream under it.

use pintle_core::{BoxError, Broker, Stream as Wire};
use tokio::sync::oneshot;

use super::item::Item;
use super::reader::{self, Reader};
use super::stream::{self, Stream};
use super::writer::{self, Writer};

/// What was lent to the other side, which has yet to come for it.
#[derive(Debug)]
#[must_use = "dropping it takes back what was lent"]
pub struct Loan {
    /// What to put into the message.
    pub id: u32,
    /// What to keep until the message was answered.
    pub guard: LoanGuard,
}

/// Takes back what was lent if it is dropped before the other side has come for it.
///
/// What the other side has come for stays with it until either side ends it, or
/// the session ends.
#[derive(Debug)]
#[must_use = "dropping it takes back what was lent"]
pub struct LoanGuard {
    detach: oneshot::Sender<()>,
}

impl LoanGuard {
    /// Leaves it to the other side to come, for as long as the transport gives it.
    ///
    /// To be called once the other side has answered well: it has come by then, but word of that may
    /// be behind the answer.
    pub fn detach(self) {
        // If it is over already, there is nothing to leave.
        let _ = self.detach.send(());
    }
}

/// Lends a reader to the other side. Dropping the future drops the reader.
///
/// # Errors
/// The transport's broker error; see [`Broker::offer`].
pub async fn lend_reader(reader: Reader, broker: &dyn Broker) -> Result<Loan, BoxError> {
    lend(broker, |stream| reader::send(reader, stream)).await
}

/// Lends a writer to the other side. Dropping the future drops the writer.
///
/// # Errors
/// The transport's broker error; see [`Broker::offer`].
pub async fn lend_writer(writer: Writer, broker: &dyn Broker) -> Result<Loan, BoxError> {
    lend(broker, |stream| writer::deliver(writer, stream)).await
}

/// Lends a stream to the other side. Dropping the future drops the stream.
///
/// # Errors
/// The transport's broker error; see [`Broker::offer`].
pub async fn lend_stream<T: Item>(
    values: Stream<T>,
    broker: &dyn Broker,
) -> Result<Loan, BoxError> {
    lend(broker, |stream| stream::send(values, stream)).await
}

/// Takes the reader that the other side lent under `id`. Dropping the future leaves nothing.
///
/// # Errors
/// The transport's broker error; see [`Broker::stream`].
pub async fn take_reader(id: u32, broker: &dyn Broker) -> Result<Reader, BoxError> {
    Ok(Reader::received(broker.stream(id).await?))
}

/// Takes the writer that the other side lent under `id`. Dropping the future leaves nothing.
///
/// # Errors
/// The transport's broker error; see [`Broker::stream`].
pub async fn take_writer(id: u32, broker: &dyn Broker) -> Result<Writer, BoxError> {
    Ok(Writer::received(broker.stream(id).await?))
}

/// Takes the stream that the other side lent under `id`. Dropping the future leaves nothing.
///
/// A value of more than `max_item_bytes` fails the stream when it comes.
///
/// # Errors
/// The transport's broker error; see [`Broker::stream`].
pub async fn take_stream<T: Item>(
    id: u32,
    broker: &dyn Broker,
    max_item_bytes: usize,
) -> Result<Stream<T>, BoxError> {
    let stream = broker.stream(id).await?;
    Ok(Stream::received(stream, max_item_bytes))
}

/// The most bytes in one value of a stream, unless another limit is set: 16 MiB.
pub const DEFAULT_MAX_ITEM_BYTES: usize = 16 * 1024 * 1024;

/// Offers a stream, and has it served beside the call once the other side has come.
async fn lend<S>(
    broker: &dyn Broker,
    serve: impl FnOnce(Wire) -> S + Send + 'static,
) -> Result<Loan, BoxError>
where
    S: Future<Output = ()> + Send + 'static,
{
    let offer = broker.offer().await?;
    let id = offer.id();
    let (detach, detached) = oneshot::channel();
    broker.tasks().spawn(async move {
        let taken_back = async {
            if detached.await.is_ok() {
                std::future::pending::<()>().await;
            }
        };
        let accepted = tokio::select! {
            biased;
            accepted = offer.accept() => accepted,
            () = taken_back => return,
        };
        match accepted {
            Ok(stream) => serve(stream).await,
            Err(error) => tracing::debug!(id, error, "nobody came for what was lent"),
        }
    });
    let guard = LoanGuard { detach };
    Ok(Loan { id, guard })
}
