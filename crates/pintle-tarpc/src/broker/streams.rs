//! Streams of bytes by id, as every transport's broker has them.

use pintle_core::{BoxError, BoxFuture, Broker, Stream, StreamOffer};
use tokio::sync::oneshot;

use super::{BrokerError, TarpcBroker};

impl TarpcBroker {
    /// Offers a stream of bytes to the other side, under a fresh id.
    ///
    /// The other side can open it from now on, before the offer is accepted. Dropping the offer
    /// takes it back.
    ///
    /// # Errors
    /// As [`next_id`](Self::next_id). Accepting the offer fails as
    /// [`accept_stream`](Self::accept_stream).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn offer_stream(&self) -> Result<StreamOffer, BrokerError> {
        let id = self.next_id()?;
        let number = id.get();
        let (mut give, accepted) = oneshot::channel();
        let broker = self.clone();
        self.tasks().spawn(async move {
            tokio::select! {
                stream = broker.accept_stream(id) => drop(give.send(stream)),
                () = give.closed() => {}
            }
        });
        Ok(StreamOffer::new(number, async move {
            let stream = accepted.await.unwrap_or(Err(BrokerError::Closed))?;
            Ok(Stream::new(stream))
        }))
    }

    /// Opens the stream of bytes that the other side offers under `id`.
    ///
    /// Dropping the future leaves nothing.
    ///
    /// # Errors
    /// As [`dial_stream`](Self::dial_stream).
    pub async fn stream(&self, id: u32) -> Result<Stream, BrokerError> {
        self.dial_stream(id).await.map(Stream::new)
    }
}

impl Broker for TarpcBroker {
    fn offer(&self) -> BoxFuture<'_, Result<StreamOffer, BoxError>> {
        Box::pin(async { Ok(self.offer_stream()?) })
    }

    fn stream(&self, id: u32) -> BoxFuture<'_, Result<Stream, BoxError>> {
        Box::pin(async move { Ok(self.stream(id).await?) })
    }
}
