//! Rendezvous of streams by id: one side accepts a number, the other dials it.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::error::{OpenError, SessionEnd};
use crate::pending::{Arrived, Pending, Reserved};
use crate::session::{Session, Watch, lock};
use crate::stream::Stream;

/// Connects tasks on both sides of a session by numbers they have agreed on.
///
/// Whoever dials an id opens a stream that begins with the id; whoever accepts the id answers with
/// the same four bytes (little-endian, as in go-plugin), and the rest of the stream is theirs. Ids
/// live in one name space per accepting side; [`next_id`](Self::next_id) hands out fresh ones.
///
/// The broker takes **every** stream the peer opens on its session. Clones are equal.
#[derive(Debug, Clone)]
pub struct MuxBroker {
    session: Session,
    shared: Arc<Shared>,
}

/// The knobs of a [`MuxBroker`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BrokerConfig {
    /// How long either side waits for the other: an accept for its dial, a dial for its accept, and
    /// a stream that arrived for someone who accepts it. Default 5 s, as in go-plugin.
    pub timeout: Duration,
    /// Streams of the peer that may wait for someone who accepts them; further ones are refused.
    /// Default 256.
    pub max_waiting: usize,
}

/// Why a rendezvous failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// Someone accepts this id already.
    #[error("id {0} is being accepted already")]
    IdInUse(u32),
    /// The other side did not come in time.
    #[error("nobody came for id {id} within {timeout:?}")]
    Timeout {
        /// The id of the rendezvous.
        id: u32,
        /// How long was waited.
        timeout: Duration,
    },
    /// The acceptor answered with another id than was dialled.
    #[error("dialled id {dialled} and was answered as {answered}")]
    WrongId {
        /// The id asked for.
        dialled: u32,
        /// The id in the answer.
        answered: u32,
    },
    /// No stream could be opened.
    #[error("no stream could be opened for id {id}")]
    Open {
        /// The id of the rendezvous.
        id: u32,
        /// Why.
        source: OpenError,
    },
    /// The stream failed before both sides had met; a refusal by the acceptor shows as
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset).
    #[error("the stream for id {id} failed")]
    Stream {
        /// The id of the rendezvous.
        id: u32,
        /// Why.
        source: io::Error,
    },
    /// The session is over, or the driver of the broker was dropped.
    #[error("the broker is closed")]
    Closed,
}

#[derive(Debug)]
struct Shared {
    table: Mutex<Table>,
    next_id: AtomicU32,
    config: BrokerConfig,
    /// An arrival was put into the table, so there is something to expire.
    changed: Notify,
}

#[derive(Debug)]
struct Table {
    pending: Pending<oneshot::Sender<Stream>, Stream>,
    closed: bool,
}

impl MuxBroker {
    /// A broker over `session`, and the future that must be polled for
    /// [`accept`](Self::accept) to work; it resolves when the session is over.
    pub fn new(
        session: Session,
        config: BrokerConfig,
    ) -> (Self, impl Future<Output = SessionEnd> + Send + 'static) {
        let shared = Arc::new(Shared {
            table: Mutex::new(Table {
                pending: Pending::new(config.max_waiting),
                closed: false,
            }),
            next_id: AtomicU32::new(0),
            config,
            changed: Notify::new(),
        });
        let owner = Owner(Arc::clone(&shared));
        let running = run(session.watch(), owner);
        (Self { session, shared }, running)
    }

    /// An id this side has not used before; starts at 1 and wraps after 2³² − 1.
    pub fn next_id(&self) -> u32 {
        let id = self
            .shared
            .next_id
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(1);
        if id == 0 { self.next_id() } else { id }
    }

    /// Waits for the peer to dial `id`.
    ///
    /// Cancel-safe: dropping the future gives the id free; a stream that had come for it meanwhile
    /// is reset, so that the dialling side learns of it.
    ///
    /// # Errors
    ///
    /// If the id is being accepted already, if nobody dials it in time, or if the broker is closed.
    pub async fn accept(&self, id: u32) -> Result<Stream, BrokerError> {
        let timeout = self.shared.config.timeout;
        let deadline = Instant::now() + timeout;
        let accepting = async {
            let mut stream = self.arrival(id).await?;
            let answered = stream.write_all(&id.to_le_bytes()).await;
            answered.map_err(|source| BrokerError::Stream { id, source })?;
            Ok(stream)
        };
        let result = timeout_at(deadline, accepting).await;
        result.unwrap_or(Err(BrokerError::Timeout { id, timeout }))
    }

    /// Opens a stream to whoever accepts `id` on the other side.
    ///
    /// Cancel-safe: dropping the future resets the stream.
    ///
    /// # Errors
    ///
    /// If no stream can be opened, if the peer refuses it, or if nobody accepts the id in time.
    pub async fn dial(&self, id: u32) -> Result<Stream, BrokerError> {
        let timeout = self.shared.config.timeout;
        let deadline = Instant::now() + timeout;
        let dialling = async {
            let opened = self.session.open().await;
            let mut stream = opened.map_err(|source| BrokerError::Open { id, source })?;
            let mut answer = [0; 4];
            let exchanged = async {
                stream.write_all(&id.to_le_bytes()).await?;
                stream.read_exact(&mut answer).await
            };
            exchanged
                .await
                .map_err(|source| BrokerError::Stream { id, source })?;
            match u32::from_le_bytes(answer) {
                answered if answered == id => Ok(stream),
                answered => Err(BrokerError::WrongId {
                    dialled: id,
                    answered,
                }),
            }
        };
        let result = timeout_at(deadline, dialling).await;
        result.unwrap_or(Err(BrokerError::Timeout { id, timeout }))
    }

    /// Ids somebody accepts and streams that wait to be accepted.
    pub fn pending(&self) -> usize {
        lock(&self.shared.table).pending.len()
    }

    async fn arrival(&self, id: u32) -> Result<Stream, BrokerError> {
        let (waiter, arrival) = oneshot::channel();
        let reserved = {
            let mut table = lock(&self.shared.table);
            if table.closed {
                return Err(BrokerError::Closed);
            }
            table.pending.reserve(id, waiter, Instant::now().into_std())
        };
        let serial = match reserved {
            Reserved::Met(stream) => return Ok(stream),
            Reserved::Taken => return Err(BrokerError::IdInUse(id)),
            Reserved::Waiting(serial) => serial,
        };
        let _place = Reservation {
            shared: Arc::downgrade(&self.shared),
            id,
            serial,
        };
        arrival.await.map_err(|_| BrokerError::Closed)
    }
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
            max_waiting: DEFAULT_MAX_WAITING,
        }
    }
}

/// Holds a place in the table, and gives it up.
#[derive(Debug)]
struct Reservation {
    shared: Weak<Shared>,
    id: u32,
    serial: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            lock(&shared.table).pending.cancel(self.id, self.serial);
        }
    }
}

/// Closes the table when the broker's future ends or is dropped, which ends every accept.
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        let mut table = lock(&self.0.table);
        table.closed = true;
        table.pending.clear();
    }
}

/// Takes every stream of the peer to the one who accepts its id.
async fn run(session: Watch, owner: Owner) -> SessionEnd {
    let shared = &*owner.0;
    let mut newcomers = JoinSet::new();
    loop {
        tokio::select! {
            stream = session.accept() => match stream {
                // One too many is reset by being dropped.
                Some(_) if newcomers.len() >= shared.config.max_waiting => {}
                Some(stream) => drop(newcomers.spawn(introduce(stream, shared.config.timeout))),
                None => break,
            },
            Some(introduced) = newcomers.join_next() => {
                if let Ok(Some((id, stream, until))) = introduced {
                    shared.place(id, stream, until);
                }
            }
            () = shared.expiry() => shared.expire(),
        }
    }
    session.closed().await
}

/// Reads the id a stream begins with.
async fn introduce(mut stream: Stream, timeout: Duration) -> Option<(u32, Stream, Instant)> {
    let until = Instant::now() + timeout;
    let mut id = [0; 4];
    timeout_at(until, stream.read_exact(&mut id))
        .await
        .ok()?
        .ok()?;
    Some((u32::from_le_bytes(id), stream, until))
}

impl Shared {
    fn place(&self, id: u32, stream: Stream, until: Instant) {
        let now = Instant::now().into_std();
        let arrived = {
            let mut table = lock(&self.table);
            // Those whose dialler gave up would hold their places for the rest of their time.
            let gone = table.pending.expire(now, Stream::is_reset);
            let arrived = table.pending.arrive(id, stream, now, until.into_std());
            drop(table);
            drop(gone);
            arrived
        };
        match arrived {
            // If the waiter is gone, so is the stream, and the dialler sees a reset.
            Arrived::Met(waiter, stream) => drop(waiter.send(stream)),
            Arrived::Kept => self.changed.notify_one(),
            Arrived::Refused(stream) => drop(stream),
        }
    }

    /// Waits until the first of the arrivals that nobody took has waited long enough.
    async fn expiry(&self) {
        loop {
            let next = lock(&self.table).pending.next_expiry();
            match next {
                Some(at) => return sleep_until(Instant::from_std(at)).await,
                None => self.changed.notified().await,
            }
        }
    }

    fn expire(&self) {
        let gone = lock(&self.table)
            .pending
            .expire(Instant::now().into_std(), Stream::is_reset);
        drop(gone);
    }
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_MAX_WAITING: usize = 256;
