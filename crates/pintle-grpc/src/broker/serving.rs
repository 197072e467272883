//! Serving services under ids.

use std::sync::Arc;

use super::{BrokerError, BrokerId, GrpcBroker, Served, Shared, announcement};
use crate::endpoint::Source;
use crate::h2::Router;
use crate::server::GrpcServer;

/// How what is served begins to be.
type Begin = fn(&Arc<Shared>, BrokerId, Source, Router) -> Served;

impl GrpcBroker {
    /// Serves something to the other side under a fresh id, until the [`Served`] is dropped.
    ///
    /// ```ignore
    /// let helper = broker.serve(|server| { server.add(AddHelperServer::new(adder)); }).await?;
    /// counter.put(PutRequest { add_server: helper.id(), .. }).await?;
    /// ```
    ///
    /// Dropping the future leaves nothing.
    ///
    /// # Errors
    /// As [`serve_on`](Self::serve_on), and [`BrokerError::Exhausted`] when every id is in use.
    pub async fn serve(&self, fill: impl FnOnce(&mut GrpcServer)) -> Result<Served, BrokerError> {
        let id = self.fresh_id().await?;
        self.serve_on(id, fill).await
    }

    /// Serves something under an id taken before, until the [`Served`] is dropped.
    ///
    /// An id that nobody dials within the transport's broker accept timeout is
    /// given up; [`Served::ended`] tells. Dropping the future leaves nothing.
    ///
    /// # Errors
    /// [`BrokerError::Listen`] when no socket can be made, [`BrokerError::Service`]
    /// when two services have one name, [`BrokerError::Closed`] when the session
    /// has ended.
    pub async fn serve_on(
        &self,
        id: BrokerId,
        fill: impl FnOnce(&mut GrpcServer),
    ) -> Result<Served, BrokerError> {
        self.serve_as(id, fill, Served::begin).await
    }

    /// As [`serve`](Self::serve), for one who comes: the service ends when they leave, too, which
    /// [`Served::ended`] tells.
    ///
    /// Dropping the future leaves nothing.
    ///
    /// # Errors
    /// As [`serve`](Self::serve).
    pub async fn serve_once(
        &self,
        fill: impl FnOnce(&mut GrpcServer),
    ) -> Result<Served, BrokerError> {
        let id = self.fresh_id().await?;
        self.serve_as(id, fill, Served::begin_once).await
    }

    /// As [`next_id`](Self::next_id); why the session has ended is waited for.
    pub(super) async fn fresh_id(&self) -> Result<BrokerId, BrokerError> {
        self.shared.explain(self.next_id()).await
    }

    async fn serve_as(
        &self,
        id: BrokerId,
        fill: impl FnOnce(&mut GrpcServer),
        begin: Begin,
    ) -> Result<Served, BrokerError> {
        let served = self.begin(id, fill, begin).await;
        self.shared.explain(served).await
    }

    async fn begin(
        &self,
        id: BrokerId,
        fill: impl FnOnce(&mut GrpcServer),
        begin: Begin,
    ) -> Result<Served, BrokerError> {
        let mut server = GrpcServer::new(self.clone());
        fill(&mut server);
        let router = server.into_router().map_err(BrokerError::Service)?;
        match &self.shared.trunk {
            Some(trunk) => {
                let (door, streams) = trunk
                    .put_up(id.get())
                    .ok_or(BrokerError::Duplicate(id.get()))?;
                let source = Source::Trunk {
                    streams,
                    net: self.shared.net.clone(),
                    _door: Some(door),
                };
                Ok(begin(&self.shared, id, source, router))
            }
            None => {
                let listener = self
                    .shared
                    .net
                    .listen()
                    .await
                    .map_err(BrokerError::Listen)?;
                let announcement = announcement(id.get(), listener.address());
                let served = begin(&self.shared, id, Source::Listener(listener), router);
                self.shared.send(announcement)?;
                Ok(served)
            }
        }
    }
}
