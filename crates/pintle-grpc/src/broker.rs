//! The broker: extra connections by id, so that either side can call the other.

mod exchange;
mod served;
mod table;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pintle_core::{Address, HostLink, Net, NetError, PluginLink, Tasks};

use crate::h2::{Channel, ConnectError, DuplicateService, Limits, LostReason, Settings};
use crate::pb::ConnInfo;
use crate::server::GrpcServer;
use crate::transport::Grpc;
use exchange::Outbox;
use table::{Dialled, Refused, Table};

pub use served::Served;

/// Lets either side of a session serve something to the other under an id, and
/// dial what the other serves.
///
/// The id travels inside a message of the application's own. Every connection
/// is secured as the session is; a plaintext one cannot be had from a session
/// with TLS. A clone is another handle to the same broker.
#[derive(Clone)]
pub struct GrpcBroker {
    shared: Arc<Shared>,
}

struct Shared {
    table: Mutex<Table>,
    outbox: Mutex<Outbox>,
    net: Net,
    tasks: Tasks,
    settings: Settings,
    dial_timeout: Duration,
    accept_timeout: Duration,
    lost: LostReason,
}

impl GrpcBroker {
    pub(crate) fn for_host(grpc: &Grpc, link: &HostLink, lost: LostReason) -> Self {
        Self::new(grpc, link.net.clone(), link.tasks.clone(), lost)
    }

    pub(crate) fn for_plugin(grpc: &Grpc, link: &PluginLink) -> Self {
        // A plugin cannot know why its host went away.
        let unknown: LostReason = Arc::new(|| Box::pin(std::future::ready(None)));
        Self::new(grpc, link.net.clone(), link.tasks.clone(), unknown)
    }

    fn new(grpc: &Grpc, net: Net, tasks: Tasks, lost: LostReason) -> Self {
        Self {
            shared: Arc::new(Shared {
                table: Mutex::default(),
                outbox: Mutex::default(),
                net,
                tasks,
                settings: grpc.settings(),
                dial_timeout: grpc.dial_timeout(),
                accept_timeout: grpc.accept_timeout(),
                lost,
            }),
        }
    }

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
        let id = self.next_id()?;
        self.serve_on(id, fill).await
    }

    /// Takes a fresh id to serve on later.
    ///
    /// # Errors
    /// [`BrokerError::Exhausted`] when every id is in use, [`BrokerError::Closed`]
    /// when the session has ended.
    pub fn next_id(&self) -> Result<BrokerId, BrokerError> {
        let id = self
            .table()
            .next()
            .map_err(|refused| refused.accepting(None))?;
        Ok(BrokerId {
            id,
            broker: self.clone(),
        })
    }

    /// Takes an id that the other side chose, to serve on.
    ///
    /// # Errors
    /// [`BrokerError::Duplicate`] when it is served already, [`BrokerError::Closed`]
    /// when the session has ended.
    pub fn claim(&self, id: u32) -> Result<BrokerId, BrokerError> {
        self.table()
            .claim(id)
            .map_err(|refused| refused.accepting(Some(id)))?;
        Ok(BrokerId {
            id,
            broker: self.clone(),
        })
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
        let mut server = GrpcServer::new(self.clone());
        fill(&mut server);
        let router = server.into_router().map_err(BrokerError::Service)?;
        let listener = self
            .shared
            .net
            .listen()
            .await
            .map_err(BrokerError::Listen)?;
        let announcement = announcement(id.get(), listener.address());
        let served = Served::begin(&self.shared, id, listener, router);
        self.shared.send(announcement)?;
        Ok(served)
    }

    /// Connects to what the other side serves under `id`.
    ///
    /// Waits for the other side to accept, for the transport's broker dial
    /// timeout at most. Dropping the future leaves nothing, and the id can be
    /// dialled again. Each id is dialled once: keep the channel.
    ///
    /// # Errors
    /// [`BrokerError::NotAccepted`] when the other side does not accept in time,
    /// [`BrokerError::Dialling`] when the id is being dialled already,
    /// [`BrokerError::Connect`] and [`BrokerError::Net`] when the connection
    /// fails, [`BrokerError::Closed`] when the session has ended.
    pub async fn dial(&self, id: u32) -> Result<Channel, BrokerError> {
        let address = self.announced(id).await?;
        let Shared {
            net,
            settings,
            tasks,
            lost,
            ..
        } = &*self.shared;
        let failed = |source| BrokerError::Net { id, source };
        let stream = net.dial(&address).await.map_err(failed)?;
        let stop = tasks.stopping().clone();
        Channel::connect(stream, settings, tasks.tracker(), stop, lost.clone())
            .await
            .map_err(|source| BrokerError::Connect { id, source })
    }

    /// How long messages may be; see [`limited!`](crate::limited).
    pub fn limits(&self) -> Limits {
        self.shared.settings.limits
    }

    /// Ends the exchange of ids: who waits hears of it. Connections that exist live on.
    pub(crate) fn close(&self) {
        self.table().close();
        self.shared.outbox().close();
    }

    /// Where the other side serves `id`, once it says so.
    async fn announced(&self, id: u32) -> Result<Address, BrokerError> {
        let after = self.shared.dial_timeout;
        let dialled = self
            .table()
            .dial(id)
            .map_err(|refused| refused.dialling(id))?;
        let waiting = match dialled {
            Dialled::Connect(address) => return Ok(address),
            Dialled::Wait(waiting) => waiting,
        };
        let _given_up = Waiting { broker: self, id };
        match tokio::time::timeout(after, waiting).await {
            Ok(Ok(address)) => Ok(address),
            Ok(Err(_)) => Err(BrokerError::Closed),
            Err(_) => Err(BrokerError::NotAccepted { id, after }),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.shared.table()
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, message: ConnInfo) -> Result<(), BrokerError> {
        self.outbox().send(message)
    }
}

impl fmt::Debug for GrpcBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcBroker")
            .field("table", &*self.table())
            .finish_non_exhaustive()
    }
}

/// An id taken to serve on; given back when dropped.
pub struct BrokerId {
    id: u32,
    broker: GrpcBroker,
}

impl BrokerId {
    /// The number to send to the other side.
    pub fn get(&self) -> u32 {
        self.id
    }
}

impl Drop for BrokerId {
    fn drop(&mut self) {
        self.broker.table().release(self.id);
    }
}

impl fmt::Debug for BrokerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrokerId({})", self.id)
    }
}

/// Clears the table of a dial that ended without its announcement, however it ended.
struct Waiting<'a> {
    broker: &'a GrpcBroker,
    id: u32,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.broker.table().give_up(self.id);
    }
}

fn announcement(id: u32, address: &Address) -> ConnInfo {
    ConnInfo {
        service_id: id,
        network: address.network().to_owned(),
        address: address.to_string(),
        knock: None,
    }
}

/// Why something could not be served or dialled through the broker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The other side did not accept the id in time.
    #[error("the other side did not accept broker id {id} within {after:?}")]
    NotAccepted {
        /// The id.
        id: u32,
        /// The transport's broker dial timeout.
        after: Duration,
    },
    /// The other side did not dial the id in time.
    #[error("the other side did not dial broker id {id} within {after:?}")]
    NotDialled {
        /// The id.
        id: u32,
        /// The transport's broker accept timeout.
        after: Duration,
    },
    /// The id is served already on this side.
    #[error("broker id {0} is served already")]
    Duplicate(u32),
    /// The id is being dialled already on this side.
    #[error("broker id {0} is being dialled already")]
    Dialling(u32),
    /// Every id is in use.
    #[error("every broker id is in use")]
    Exhausted,
    /// Two services under one id have the same name.
    #[error("the services do not go together")]
    Service(#[source] DuplicateService),
    /// No socket could be made to serve on.
    #[error("no listener could be made")]
    Listen(#[source] NetError),
    /// The address that the other side announced could not be reached.
    #[error("broker id {id} could not be reached")]
    Net {
        /// The id.
        id: u32,
        /// What went wrong.
        source: NetError,
    },
    /// What answers at the announced address does not speak gRPC.
    #[error("broker id {id} does not speak gRPC")]
    Connect {
        /// The id.
        id: u32,
        /// What went wrong.
        source: ConnectError,
    },
    /// The other side takes no announcements: it has stopped reading.
    #[error("the other side takes no more announcements")]
    Stalled,
    /// The session has ended.
    #[error("the session has ended")]
    Closed,
}

impl Refused {
    fn accepting(self, id: Option<u32>) -> BrokerError {
        match (self, id) {
            (Self::Duplicate, Some(id)) => BrokerError::Duplicate(id),
            (Self::Duplicate | Self::TooMany, _) => BrokerError::Exhausted,
            (Self::Closed, _) => BrokerError::Closed,
        }
    }

    fn dialling(self, id: u32) -> BrokerError {
        match self {
            Self::Closed => BrokerError::Closed,
            Self::Duplicate | Self::TooMany => BrokerError::Dialling(id),
        }
    }
}
