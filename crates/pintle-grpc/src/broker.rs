//! The broker: extra connections by id, so that either side can call the other.

mod announced;
mod error;
mod exchange;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod outbox;
mod served;
mod serving;
mod streams;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pintle_core::{Address, Ended, HostLink, Net, NetError, PluginLink, Stream, Tasks};
use tokio::time::Instant;

use crate::h2::{Channel, Limits, LostReason, Settings};
use crate::pb::ConnInfo;
use crate::pb::conn_info::Knock;
use crate::transport::Grpc;
use crate::trunk::{KnockError, SendAnswer, Side, Trunk, Turn};
use outbox::Outbox;
use table::{Dialled, Refused, Table};

pub use error::BrokerError;
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
    /// Where everything goes over one connection; else each id has a socket of its own.
    trunk: Option<Trunk>,
    tasks: Tasks,
    settings: Settings,
    dial_timeout: Duration,
    accept_timeout: Duration,
    lost: LostReason,
    /// The same, for who cannot wait; a plugin is not told.
    ended: Option<Ended>,
}

impl GrpcBroker {
    pub(crate) fn for_host(grpc: &Grpc, link: &HostLink, lost: LostReason) -> Self {
        let trunk = link
            .multiplexed
            .then(|| Trunk::new(Side::Host, link.tasks.clone()));
        let ended = Some(link.ended.clone());
        Self::new(
            grpc,
            link.net.clone(),
            trunk,
            link.tasks.clone(),
            lost,
            ended,
        )
    }

    pub(crate) fn for_plugin(grpc: &Grpc, link: &PluginLink) -> Self {
        // A plugin cannot know why its host went away.
        let unknown: LostReason = Arc::new(|| Box::pin(std::future::ready(None)));
        let trunk = link
            .multiplexed
            .then(|| Trunk::new(Side::Plugin, link.tasks.clone()));
        Self::new(
            grpc,
            link.net.clone(),
            trunk,
            link.tasks.clone(),
            unknown,
            None,
        )
    }

    fn new(
        grpc: &Grpc,
        net: Net,
        trunk: Option<Trunk>,
        tasks: Tasks,
        lost: LostReason,
        ended: Option<Ended>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                table: Mutex::default(),
                outbox: Mutex::default(),
                net,
                trunk,
                tasks,
                settings: grpc.settings(),
                dial_timeout: grpc.dial_timeout(),
                accept_timeout: grpc.accept_timeout(),
                lost,
                ended,
            }),
        }
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
            .map_err(|refused| self.shared.explain_now(refused.accepting(None)))?;
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
            .map_err(|refused| self.shared.explain_now(refused.accepting(Some(id))))?;
        Ok(BrokerId {
            id,
            broker: self.clone(),
        })
    }

    /// Connects to what the other side serves under `id`.
    ///
    /// Waits for the other side to accept, for the transport's broker dial
    /// timeout at most. Dropping the future leaves nothing, and the id can be
    /// dialled again. Each id is dialled once: keep the channel.
    ///
    /// In a [multiplexed](Grpc::multiplexed) session the dials of one side take
    /// turns: one that waits for the other side to accept keeps later ones waiting.
    ///
    /// # Errors
    /// [`BrokerError::NotAccepted`] when the other side does not accept in time,
    /// [`BrokerError::Refused`] when it says that it does not,
    /// [`BrokerError::Dialling`] when the id is being dialled already,
    /// [`BrokerError::Connect`] and [`BrokerError::Net`] when the connection
    /// fails, [`BrokerError::Closed`] when the session has ended.
    pub async fn dial(&self, id: u32) -> Result<Channel, BrokerError> {
        let connected = self.connect(id).await;
        self.shared.explain(connected).await
    }

    async fn connect(&self, id: u32) -> Result<Channel, BrokerError> {
        let Some(trunk) = &self.shared.trunk else {
            let address = self.announced(id).await?;
            let stream = self.shared.net.dial(&address).await;
            return self.channel(id, stream).await;
        };
        let (stream, turn) = self.knock(trunk, id).await?;
        let connecting = async {
            let stream = self.shared.net.dial_over(stream).await;
            self.channel(id, stream).await
        };
        turn.keep_for(connecting).await
    }

    /// How long messages may be; see [`limited!`](crate::limited).
    pub fn limits(&self) -> Limits {
        self.shared.settings.limits
    }

    /// Has nothing left to say to a host that is gone, before another one comes.
    pub(crate) fn forget_unsaid(&self) {
        self.shared.outbox().forget();
    }

    /// Ends the exchange of ids: who waits hears of it. Connections that exist live on.
    pub(crate) fn close(&self) {
        self.table().close();
        self.shared.outbox().close();
        if let Some(trunk) = self.trunk() {
            trunk.hang_up();
        }
    }

    /// A channel over a connection to what the other side serves under `id`.
    async fn channel(
        &self,
        id: u32,
        connected: Result<Stream, NetError>,
    ) -> Result<Channel, BrokerError> {
        let stream = connected.map_err(|source| BrokerError::Net { id, source })?;
        let Shared {
            settings,
            tasks,
            lost,
            ..
        } = &*self.shared;
        let stop = tasks.stopping().clone();
        Channel::connect(stream, settings, tasks.tracker(), stop, lost.clone())
            .await
            .map_err(|source| BrokerError::Connect { id, source })
    }

    /// A stream of the session's one connection, opened after a knock.
    async fn knock(&self, trunk: &Trunk, id: u32) -> Result<(Stream, Turn), BrokerError> {
        let after = self.shared.dial_timeout;
        let shared = Arc::clone(&self.shared);
        let knock = move || {
            shared.send(knock(id)).map_err(|error| match error {
                BrokerError::Stalled => KnockError::Unsent,
                _ => KnockError::Closed,
            })
        };
        trunk
            .dial(id, after, knock)
            .await
            .map_err(|error| match error {
                KnockError::Refused(reason) => BrokerError::Refused { id, reason },
                KnockError::Unanswered => BrokerError::NotAccepted { id, after },
                KnockError::Unsent => BrokerError::Stalled,
                KnockError::Closed => BrokerError::Closed(None),
            })
    }

    /// The session's one connection, if it is multiplexed.
    pub(crate) fn trunk(&self) -> Option<&Trunk> {
        self.shared.trunk.as_ref()
    }

    /// How knocks of the other side are answered.
    pub(crate) fn answers(&self) -> SendAnswer {
        let shared = Arc::clone(&self.shared);
        Box::new(move |id, error| {
            if shared.send(answer(id, error)).is_err() {
                tracing::debug!(id, "a knock is not answered: nobody listens");
            }
        })
    }

    /// Where the other side serves `id`, once it says so.
    async fn announced(&self, id: u32) -> Result<Address, BrokerError> {
        let after = self.shared.dial_timeout;
        let dialled = self
            .table()
            .dial(id, Instant::now())
            .map_err(|refused| refused.dialling(id))?;
        let waiting = match dialled {
            Dialled::Connect(address) => return Ok(address),
            Dialled::Wait(waiting) => waiting,
        };
        let _given_up = Waiting { broker: self, id };
        match tokio::time::timeout(after, waiting).await {
            Ok(Ok(address)) => Ok(address),
            Ok(Err(_)) => Err(BrokerError::Closed(None)),
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
        // Before the number can be taken again: who dials it now has come too late.
        if let Some(trunk) = self.broker.trunk() {
            trunk.take_away(self.id);
        }
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

fn knock(id: u32) -> ConnInfo {
    let knock = Knock {
        knock: true,
        ack: false,
        error: String::new(),
    };
    ConnInfo {
        service_id: id,
        knock: Some(knock),
        ..ConnInfo::default()
    }
}

fn answer(id: u32, error: Option<&str>) -> ConnInfo {
    let error = error.unwrap_or_default().to_owned();
    let knock = Knock {
        knock: true,
        ack: true,
        error,
    };
    ConnInfo {
        service_id: id,
        knock: Some(knock),
        ..ConnInfo::default()
    }
}
