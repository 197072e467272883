//! Byte streams by id: raw where the session has one connection for
//! everything, over a call where each id has its own.

use std::error::Error;
use std::sync::Arc;

use pintle_core::{BoxError, BoxFuture, Broker, Explained, Stream, StreamOffer, Tasks};
use pintle_mux::StreamError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::{BrokerError, BrokerId, GrpcBroker, Served, Shared, announcement};
use crate::byte_stream::{self, Gone};
use crate::endpoint::Source;
use crate::h2::Router;
use crate::trunk::Door;

impl GrpcBroker {
    /// Offers a byte stream to the other side, under a fresh id.
    ///
    /// Dropping the future, or the offer, takes it back.
    ///
    /// # Errors
    /// As [`serve`](Self::serve). Accepting the offer fails with
    /// [`BrokerError::NotDialled`] when the other side does not open it in time.
    pub async fn offer_stream(&self) -> Result<StreamOffer, BrokerError> {
        let id = self.fresh_id().await?;
        let offered = match &self.shared.trunk {
            Some(_) => self.offer_raw(id),
            None => self.offer_call(id).await,
        };
        self.shared.explain(offered).await
    }

    /// Opens the byte stream that the other side offers under `id`.
    ///
    /// Dropping the future leaves nothing.
    ///
    /// # Errors
    /// As [`dial`](Self::dial). When what the other side serves under `id` is not a byte stream, or
    /// was opened before, reading fails with an error that holds [`BrokerError::NoStream`], and
    /// writing sooner or later. In a [multiplexed](crate::Grpc::multiplexed) session nothing tells
    /// the two apart: the stream then carries what the service says.
    pub async fn stream(&self, id: u32) -> Result<Stream, BrokerError> {
        let Some(trunk) = &self.shared.trunk else {
            let channel = self.dial(id).await?;
            let call = byte_stream::open(id, channel, &self.shared.tasks);
            return Ok(self.shared.explained(call));
        };
        // Whoever offers a stream leads it to where it belongs in the order of the knocks.
        let knocked = self.knock(trunk, id).await;
        let (stream, _) = self.shared.explain(knocked).await?;
        let secured = self.shared.net.dial_over(self.shared.explained(stream));
        secured
            .await
            .map_err(|source| BrokerError::Net { id, source })
    }

    fn offer_raw(&self, id: BrokerId) -> Result<StreamOffer, BrokerError> {
        let number = id.get();
        let trunk = self
            .shared
            .trunk
            .as_ref()
            .ok_or(BrokerError::Closed(None))?;
        let (door, streams) = trunk.put_up(number).ok_or(BrokerError::Duplicate(number))?;
        let offered = Offered {
            streams,
            _door: door,
            id,
            shared: Arc::clone(&self.shared),
        };
        Ok(StreamOffer::new(number, async move {
            let shared = Arc::clone(&offered.shared);
            Ok(shared.explain(offered.enter().await).await?)
        }))
    }

    async fn offer_call(&self, id: BrokerId) -> Result<StreamOffer, BrokerError> {
        let number = id.get();
        let (service, opened) = byte_stream::offer(&self.shared.tasks);
        let mut router = Router::default();
        router.add(service).map_err(BrokerError::Service)?;
        let listener = self
            .shared
            .net
            .listen()
            .await
            .map_err(BrokerError::Listen)?;
        let announcement = announcement(number, listener.address());
        let served = Served::begin_one(&self.shared, id, Source::Listener(listener), router);
        self.shared.send(announcement)?;
        let shared = Arc::clone(&self.shared);
        let after = shared.accept_timeout;
        Ok(StreamOffer::new(number, async move {
            let arrived = tokio::select! {
                Ok(call) = opened => Ok(shared.explained(call)),
                ended = served.ended() => Err(ended.err().unwrap_or(BrokerError::Closed(None))),
                // Somebody may have connected and not opened it.
                () = tokio::time::sleep(after) => Err(BrokerError::NotDialled { id: number, after }),
            };
            Ok(shared.explain(arrived).await?)
        }))
    }
}

impl Shared {
    fn explained(&self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Stream {
        Stream::new(Explained::new(
            stream,
            may_be_the_end,
            Arc::clone(&self.lost),
        ))
    }
}

/// Whether a stream failed in a way that the end of the session would explain.
fn may_be_the_end(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<StreamError>() {
        return matches!(error, StreamError::Ended(_));
    }
    match error.downcast_ref::<Status>() {
        Some(status) => status.code() == Code::Unavailable,
        None => error.is::<Gone>(),
    }
}

impl Broker for GrpcBroker {
    fn offer(&self) -> BoxFuture<'_, Result<StreamOffer, BoxError>> {
        Box::pin(async { Ok(self.offer_stream().await?) })
    }

    fn stream(&self, id: u32) -> BoxFuture<'_, Result<Stream, BoxError>> {
        Box::pin(async move { Ok(self.stream(id).await?) })
    }

    fn tasks(&self) -> Tasks {
        self.shared.tasks.clone()
    }
}

/// A stream offered behind a door of the trunk.
struct Offered {
    streams: mpsc::Receiver<Stream>,
    /// Taken away before the id is given back.
    _door: Door,
    id: BrokerId,
    shared: Arc<Shared>,
}

impl Offered {
    /// Waits for the first who passes the handshake.
    async fn enter(mut self) -> Result<Stream, BrokerError> {
        let Shared {
            net,
            tasks,
            accept_timeout: after,
            ..
        } = &*self.shared;
        // Nobody but the other side knocks on the one connection. It may be gone before the
        // handshake is over: then it does not want the stream any more.
        let id = self.id.get();
        let first = async {
            let stream = self.streams.recv().await.ok_or(BrokerError::Closed(None))?;
            let incoming = net.incoming(self.shared.explained(stream));
            let secured = incoming.secure().await;
            secured.map_err(|source| BrokerError::Net { id, source })
        };
        let after = *after;
        tokio::select! {
            first = first => first,
            () = tokio::time::sleep(after) => Err(BrokerError::NotDialled { id, after }),
            () = tasks.stopping().cancelled() => Err(BrokerError::Closed(None)),
        }
    }
}
