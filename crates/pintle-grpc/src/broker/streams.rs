//! Byte streams by id: raw where the session has one connection for
//! everything, over a call where each id has its own.

use std::sync::Arc;

use pintle_core::{BoxError, BoxFuture, Broker, Stream, StreamOffer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use super::explained::Explained;
use super::{BrokerError, BrokerId, GrpcBroker, Served, Shared, announcement};
use crate::byte_stream;
use crate::endpoint::{self, Source};
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
        let id = self.next_id()?;
        match &self.shared.trunk {
            Some(_) => self.offer_raw(id),
            None => self.offer_call(id).await,
        }
    }

    /// Opens the byte stream that the other side offers under `id`.
    ///
    /// Dropping the future leaves nothing.
    ///
    /// # Errors
    /// As [`dial`](Self::dial), and [`BrokerError::NoStream`] when what the
    /// other side serves under `id` is not a byte stream. In a
    /// [multiplexed](crate::Grpc::multiplexed) session nothing tells the two
    /// apart: the stream then carries what the service says.
    pub async fn stream(&self, id: u32) -> Result<Stream, BrokerError> {
        let Some(trunk) = &self.shared.trunk else {
            let channel = self.dial(id).await?;
            let refused = |status| BrokerError::NoStream {
                id,
                status: Box::new(status),
            };
            let opened = byte_stream::open(channel, &self.shared.tasks).await;
            return Ok(self.shared.explained(opened.map_err(refused)?));
        };
        // Whoever offers a stream leads it to where it belongs in the order of the knocks.
        let (stream, _) = self.knock(trunk, id).await?;
        let secured = self.shared.net.dial_over(self.shared.explained(stream));
        secured
            .await
            .map_err(|source| BrokerError::Net { id, source })
    }

    fn offer_raw(&self, id: BrokerId) -> Result<StreamOffer, BrokerError> {
        let number = id.get();
        let trunk = self.shared.trunk.as_ref().ok_or(BrokerError::Closed)?;
        let (door, streams) = trunk.put_up(number).ok_or(BrokerError::Duplicate(number))?;
        let offered = Offered {
            streams,
            _door: door,
            id,
            shared: Arc::clone(&self.shared),
        };
        Ok(StreamOffer::new(number, async move {
            Ok(offered.enter().await?)
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
            tokio::select! {
                Ok(call) = opened => Ok(shared.explained(call)),
                ended = served.ended() => Err(ended.err().unwrap_or(BrokerError::Closed).into()),
                // Somebody may have connected and not opened it.
                () = tokio::time::sleep(after) => {
                    Err(BrokerError::NotDialled { id: number, after }.into())
                }
            }
        }))
    }
}

impl Shared {
    fn explained(&self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Stream {
        Stream::new(Explained::new(stream, Arc::clone(&self.lost)))
    }
}

impl Broker for GrpcBroker {
    fn offer(&self) -> BoxFuture<'_, Result<StreamOffer, BoxError>> {
        Box::pin(async { Ok(self.offer_stream().await?) })
    }

    fn stream(&self, id: u32) -> BoxFuture<'_, Result<Stream, BoxError>> {
        Box::pin(async move { Ok(self.stream(id).await?) })
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
        let first = async {
            loop {
                let stream = self.streams.recv().await.ok_or(BrokerError::Closed)?;
                let incoming = net.incoming(self.shared.explained(stream));
                match incoming.secure().await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => endpoint::refused(&error),
                }
            }
        };
        let (id, after) = (self.id.get(), *after);
        tokio::select! {
            first = first => first,
            () = tokio::time::sleep(after) => Err(BrokerError::NotDialled { id, after }),
            () = tasks.stopping().cancelled() => Err(BrokerError::Closed),
        }
    }
}
