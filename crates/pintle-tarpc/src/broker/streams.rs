//! Streams of bytes by id, as every transport's broker has them.

use std::error::Error;

use pintle_core::{BoxError, BoxFuture, Broker, Explained, Stream, StreamOffer, Tasks};
use pintle_mux::StreamError;
use tokio::sync::oneshot;

use super::{BrokerError, ByteStream, TarpcBroker};

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
        let (broker, explaining) = (self.clone(), self.clone());
        self.tasks().spawn(async move {
            tokio::select! {
                stream = broker.accept_stream(id) => drop(give.send(stream)),
                () = give.closed() => {}
            }
        });
        Ok(StreamOffer::new(number, async move {
            let stream = accepted.await.unwrap_or(Err(BrokerError::Closed(None)));
            let stream = explaining.explain(stream).await?;
            Ok(explaining.explained(stream)?)
        }))
    }

    /// Opens the stream of bytes that the other side offers under `id`.
    ///
    /// Dropping the future leaves nothing.
    ///
    /// # Errors
    /// As [`dial_stream`](Self::dial_stream).
    pub async fn stream(&self, id: u32) -> Result<Stream, BrokerError> {
        let stream = self.dial_stream(id).await?;
        self.explained(stream)
    }

    /// A stream whose errors name the end of the session, where that is the reason.
    fn explained(&self, stream: ByteStream) -> Result<Stream, BrokerError> {
        let lost = self.link()?.lost.of_streams();
        Ok(Stream::new(Explained::new(stream, may_be_the_end, lost)))
    }
}

/// Whether a stream failed in a way that the end of the session would explain.
fn may_be_the_end(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    let stream = error.downcast_ref::<StreamError>();
    stream.is_some_and(|error| matches!(error, StreamError::Ended(_)))
}

impl Broker for TarpcBroker {
    fn offer(&self) -> BoxFuture<'_, Result<StreamOffer, BoxError>> {
        Box::pin(async { Ok(self.offer_stream()?) })
    }

    fn stream(&self, id: u32) -> BoxFuture<'_, Result<Stream, BoxError>> {
        Box::pin(async move { Ok(self.stream(id).await?) })
    }

    fn tasks(&self) -> Tasks {
        TarpcBroker::tasks(self)
    }
}
