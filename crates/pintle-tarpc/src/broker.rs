//! The broker: streams by id, so that either side can call the other.

mod error;
mod ids;
mod served;
mod streams;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pintle_core::{Stream, Tasks};
use pintle_mux::{BrokerConfig, BrokerError as MuxError, MuxBroker, Session};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use error::BrokerError;
pub use served::Served;

use crate::client::{Lost, TarpcClient};
use crate::messages::Wire;
use crate::server::TarpcServer;
use crate::service::AnyService;
use crate::transport::Settings;
use ids::Ids;

/// The stream of an id, in both directions: `AsyncRead` and `AsyncWrite`.
///
/// `shutdown` ends this side's direction; dropping it without that resets it, which the other side
/// sees as an error.
pub use pintle_mux::Stream as ByteStream;

/// Lets either side of a session serve something to the other under an id, and dial what the other
/// serves: a service, or plain bytes.
///
/// The id travels inside a message of the application's own, and is good for one stream. Every
/// stream is part of the session's one connection, secured as that is. A clone is another handle
/// to the same broker.
#[derive(Clone)]
pub struct TarpcBroker {
    shared: Arc<Shared>,
}

struct Shared {
    ids: Mutex<Ids>,
    /// Cancelled when no more is to be served or dialled.
    closed: CancellationToken,
    link: watch::Sender<Option<Link>>,
    settings: Settings,
    tasks: Tasks,
}

/// The connection to the other side.
#[derive(Clone)]
struct Link {
    mux: MuxBroker,
    wire: Wire,
    lost: Lost,
}

impl TarpcBroker {
    pub(crate) fn new(settings: Settings, tasks: Tasks) -> Self {
        Self {
            shared: Arc::new(Shared {
                ids: Mutex::default(),
                closed: CancellationToken::new(),
                link: watch::Sender::new(None),
                settings,
                tasks,
            }),
        }
    }

    /// Serves something to the other side under a fresh id, until the [`Served`] is dropped.
    ///
    /// ```ignore
    /// let adder = broker.serve(|server| { server.add(spawnable!(Adder.serve())); })?;
    /// counter.put(within(TIME), adder.id(), key, value).await?;
    /// ```
    ///
    /// # Errors
    /// As [`next_id`](Self::next_id) and [`serve_on`](Self::serve_on).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn serve(&self, fill: impl FnOnce(&mut TarpcServer)) -> Result<Served, BrokerError> {
        let id = self.next_id()?;
        self.serve_on(id, fill)
    }

    /// Takes a fresh id, to serve or accept on later.
    ///
    /// # Errors
    /// [`BrokerError::Exhausted`] when every id is in use, [`BrokerError::Closed`] when the session
    /// has ended.
    pub fn next_id(&self) -> Result<BrokerId, BrokerError> {
        let id = self
            .ids()
            .next()
            .map_err(|refused| self.explain_now(refused.into_error(0)))?;
        Ok(BrokerId {
            id,
            broker: self.clone(),
        })
    }

    /// Takes an id that the other side chose, to serve or accept on.
    ///
    /// # Errors
    /// [`BrokerError::Duplicate`] when it is taken already, [`BrokerError::Closed`] when the
    /// session has ended.
    pub fn claim(&self, id: u32) -> Result<BrokerId, BrokerError> {
        self.ids()
            .claim(id)
            .map_err(|refused| self.explain_now(refused.into_error(id)))?;
        Ok(BrokerId {
            id,
            broker: self.clone(),
        })
    }

    /// Serves a service under an id taken before, until the [`Served`] is dropped.
    ///
    /// An id that nobody dials within the transport's broker accept timeout is given up;
    /// [`Served::ended`] tells.
    ///
    /// # Errors
    /// [`BrokerError::NotOneService`] when none or several were added.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn serve_on(
        &self,
        id: BrokerId,
        fill: impl FnOnce(&mut TarpcServer),
    ) -> Result<Served, BrokerError> {
        let mut server = TarpcServer::new(self.clone());
        fill(&mut server);
        Ok(Served::begin(self, id, server.into_one_service()?))
    }

    /// Connects to the service that the other side serves under `id`.
    ///
    /// Waits for the other side to accept, for the transport's broker dial timeout at most.
    /// Dropping the future leaves nothing.
    ///
    /// # Errors
    /// As [`dial_stream`](Self::dial_stream).
    pub async fn dial(&self, id: u32) -> Result<TarpcClient, BrokerError> {
        let link = self.link()?;
        let stream = Stream::new(self.dial_over(&link, id).await?);
        let tasks = self.tasks();
        Ok(TarpcClient::new(
            stream,
            link.wire,
            tasks,
            link.lost,
            self.clone(),
        ))
    }

    /// Waits for the other side to dial an id taken before, and gives the stream.
    ///
    /// Waits for the transport's broker accept timeout at most. Dropping the future leaves nothing.
    ///
    /// # Errors
    /// [`BrokerError::NotDialled`] when the other side does not dial in time,
    /// [`BrokerError::NotConnected`] when a plugin's host is not there,
    /// [`BrokerError::Closed`] when the session has ended, [`BrokerError::Stream`] when the stream
    /// breaks at once.
    pub async fn accept_stream(&self, id: BrokerId) -> Result<ByteStream, BrokerError> {
        let accepted = self.accept(&id).await;
        self.explain(accepted).await
    }

    /// Opens a stream of bytes to what the other side accepts under `id`.
    ///
    /// Waits for the other side to accept, for the transport's broker dial timeout at most.
    /// Dropping the future leaves nothing.
    ///
    /// # Errors
    /// [`BrokerError::NotAccepted`] when the other side does not accept in time,
    /// [`BrokerError::Refused`] when it closes the stream instead, [`BrokerError::Open`] when no
    /// stream can be had, [`BrokerError::NotConnected`] when a plugin's host is not there,
    /// [`BrokerError::Closed`] when the session has ended.
    pub async fn dial_stream(&self, id: u32) -> Result<ByteStream, BrokerError> {
        let link = self.link()?;
        self.dial_over(&link, id).await
    }

    /// Begins to speak with the other side. One connection at a time; a later one replaces it.
    pub(crate) fn attach(&self, session: Session, wire: Wire, lost: Lost) {
        let mut config = BrokerConfig::default();
        config.timeout = self.settings().dial_timeout;
        let (mux, running) = MuxBroker::new(session, config);
        self.shared.tasks.spawn(async {
            running.await;
        });
        self.shared
            .link
            .send_replace(Some(Link { mux, wire, lost }));
    }

    /// The connection is gone.
    pub(crate) fn detach(&self) {
        self.shared.link.send_replace(None);
    }

    /// Gives out no ids any more, and who waits hears of it. Streams that exist live on.
    pub(crate) fn close(&self) {
        self.ids().close();
        self.shared.closed.cancel();
    }

    pub(crate) fn tasks(&self) -> Tasks {
        self.shared.tasks.clone()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Serves the one stream of an id, from its coming to its end.
    pub(crate) async fn serve_once(
        &self,
        id: &BrokerId,
        service: &dyn AnyService,
        stop: CancellationToken,
    ) -> Result<(), BrokerError> {
        let Link { wire, lost, .. } = self.link()?;
        let stream = match stop.run_until_cancelled(self.accept(id)).await {
            Some(accepted) => accepted?,
            None => return Ok(()),
        };
        let serving = self.settings().serving(wire, self.tasks(), stop);
        let running = service.serve(Stream::new(stream), serving);
        // A caller that will send nothing more may still await answers, so the stream's end is not
        // the end of its calls; the connection's is.
        lost.connection_over().run_until_cancelled(running).await;
        Ok(())
    }

    async fn accept(&self, id: &BrokerId) -> Result<ByteStream, BrokerError> {
        let mux = self.link()?.mux;
        let (id, after) = (id.get(), self.settings().accept_timeout);
        let accepting = async {
            loop {
                match mux.accept(id).await {
                    // Its patience is that of a dial. Who dials between two turns is kept.
                    Err(MuxError::Timeout { .. }) => {}
                    accepted => return accepted.map_err(BrokerError::accepting),
                }
            }
        };
        match self.unless_closed(timeout(after, accepting)).await? {
            Ok(accepted) => accepted,
            Err(_) => Err(BrokerError::NotDialled { id, after }),
        }
    }

    async fn dial_over(&self, link: &Link, id: u32) -> Result<ByteStream, BrokerError> {
        let dialled = self.unless_closed(link.mux.dial(id)).await;
        let dialled = dialled.and_then(|dialled| dialled.map_err(BrokerError::dialling));
        self.explain(dialled).await
    }

    async fn unless_closed<T>(&self, waiting: impl Future<Output = T>) -> Result<T, BrokerError> {
        let closed = &self.shared.closed;
        closed
            .run_until_cancelled(waiting)
            .await
            .ok_or(BrokerError::Closed(None))
    }

    fn link(&self) -> Result<Link, BrokerError> {
        self.shared
            .link
            .borrow()
            .clone()
            .ok_or(BrokerError::NotConnected)
    }

    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.shared
            .ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TarpcBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TarpcBroker")
            .field("ids", &self.ids().count())
            .finish_non_exhaustive()
    }
}

/// An id taken to serve or accept on; given back when dropped.
pub struct BrokerId {
    id: u32,
    broker: TarpcBroker,
}

impl BrokerId {
    /// The number to send to the other side.
    pub fn get(&self) -> u32 {
        self.id
    }
}

impl Drop for BrokerId {
    fn drop(&mut self) {
        self.broker.ids().release(self.id);
    }
}

impl fmt::Debug for BrokerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrokerId({})", self.id)
    }
}
