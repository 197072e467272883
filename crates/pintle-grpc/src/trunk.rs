//! One connection for everything: the main gRPC connection and every brokered
//! id is a stream of it (`PLUGIN_MULTIPLEX_GRPC`).

mod doorkeeper;
mod entrance;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod gate;
#[cfg(test)]
mod tests;
mod turn;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use pintle_core::{Stream, Tasks};
use pintle_mux::{Config, Session};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use gate::Gate;
use turn::{Heard, Knocks};

pub(crate) use turn::Turn;

/// How many knocks or streams may wait to be looked at.
const QUEUE: usize = 256;

/// How long a knock keeps its turn when whoever knocked has given up.
///
/// Until it is answered, the acceptor may be about to take the next stream for
/// its own; ours answers a little earlier than this.
const ANSWER: Duration = Duration::from_secs(5);

/// The shared connection of a session. A clone is another handle to it.
#[derive(Clone)]
pub(crate) struct Trunk {
    shared: Arc<Shared>,
}

struct Shared {
    side: Side,
    tasks: Tasks,
    /// There while there is a connection; a plugin makes its trunk before it has a host, and may
    /// have several, one after the other.
    session: Mutex<Option<Session>>,
    gate: Mutex<Gate<mpsc::Sender<Stream>>>,
    /// A door was put up or taken away, and a knock for it may be held.
    doors_changed: Notify,
    /// The other side knocks.
    knocking: mpsc::Sender<u32>,
    heard: Mutex<Option<mpsc::Receiver<u32>>>,
    /// This side knocks.
    knocks: Mutex<Knocks>,
    /// Diallers take turns, because a stream does not say whose knock it follows.
    turn: Arc<Semaphore>,
}

/// How a knock is answered: an id, and the error if it may not come in.
pub(crate) type SendAnswer = Box<dyn Fn(u32, Option<&str>) + Send + Sync>;

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Host,
    Plugin,
}

/// Why an id could not be dialled over the trunk.
#[derive(Debug)]
pub(crate) enum KnockError {
    /// The other side refused, in its words.
    Refused(String),
    /// The other side did not answer in time.
    Unanswered,
    /// The knock could not be sent: the other side has stopped reading.
    Unsent,
    /// The connection is gone.
    Closed,
}

impl Trunk {
    pub(crate) fn new(side: Side, tasks: Tasks) -> Self {
        let (knocking, heard) = mpsc::channel(QUEUE);
        let shared = Shared {
            side,
            tasks,
            session: Mutex::default(),
            gate: Mutex::default(),
            doors_changed: Notify::new(),
            knocking,
            heard: Mutex::new(Some(heard)),
            knocks: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Host side: begins the session over a connection that was made; the
    /// stream is for the main gRPC connection.
    pub(crate) async fn open(&self, connection: Stream) -> Result<Stream, pintle_mux::OpenError> {
        let (session, driver) = Session::client(connection, Config::default());
        self.begin(session.clone(), Box::pin(driver.map(|_| ())));
        Ok(Stream::new(session.open().await?))
    }

    fn begin(&self, session: Session, driver: Driving) {
        self.shared.tasks.spawn(driver);
        *self.shared.session() = Some(session);
    }

    /// Lets the other side in at `id` until the door is dropped; each stream it
    /// opens arrives at the receiver. `None` if the id has a door already.
    pub(crate) fn put_up(&self, id: u32) -> Option<(Door, mpsc::Receiver<Stream>)> {
        let (sender, streams) = mpsc::channel(QUEUE);
        if !self.shared.gate().put_up(id, sender) {
            return None;
        }
        self.shared.doors_changed.notify_one();
        let trunk = self.clone();
        Some((Door { trunk, id }, streams))
    }

    /// Nobody is let in at `id` any more, or ever will be.
    pub(crate) fn take_away(&self, id: u32) {
        self.shared.gate().take_away(id, Instant::now());
        self.shared.doors_changed.notify_one();
    }

    /// Opens a stream to what the other side accepts as `id`; `knock` says so to it.
    ///
    /// The whole of it takes no longer than `patience`, the wait for other
    /// diallers included. Dropping the future is safe at any point: a turn that
    /// was begun is ended in good order by a task of the session.
    pub(crate) async fn dial(
        &self,
        id: u32,
        patience: Duration,
        knock: impl FnOnce() -> Result<(), KnockError> + Send + 'static,
    ) -> Result<(Stream, Turn), KnockError> {
        let (mut wanted, dialled) = oneshot::channel();
        let trunk = self.clone();
        self.shared.tasks.spawn(async move {
            let turn = tokio::select! {
                biased;
                () = wanted.closed() => return,
                turn = Arc::clone(&trunk.shared.turn).acquire_owned() => turn,
            };
            let Ok(turn) = turn else { return };
            let stream = trunk.take_turn(id, patience.max(ANSWER), knock).await;
            let turn = match trunk.shared.side {
                // A plugin's doors take the streams in their order.
                Side::Host => Turn::over(),
                Side::Plugin => Turn::of(turn),
            };
            // Whoever asked may be gone; the stream is then dropped, and so reset.
            let _ = wanted.send(stream.map(|stream| (stream, turn)));
        });
        match tokio::time::timeout(patience, dialled).await {
            Ok(Ok(dialled)) => dialled,
            Ok(Err(_)) => Err(KnockError::Closed),
            Err(_) => Err(KnockError::Unanswered),
        }
    }

    async fn take_turn(
        &self,
        id: u32,
        patience: Duration,
        knock: impl FnOnce() -> Result<(), KnockError>,
    ) -> Result<Stream, KnockError> {
        let answer = self.shared.knocks().begin(id).ok_or(KnockError::Closed)?;
        if let Err(error) = knock() {
            self.shared.knocks().forget(id);
            return Err(error);
        }
        match tokio::time::timeout(patience, answer).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(refusal))) => return Err(KnockError::Refused(refusal)),
            Ok(Err(_)) => return Err(KnockError::Closed),
            Err(_) => {
                self.shared.knocks().give_up(id);
                return Err(KnockError::Unanswered);
            }
        }
        let session = self.shared.session().clone().ok_or(KnockError::Closed)?;
        let stream = session.open().await.map_err(|_| KnockError::Closed)?;
        Ok(Stream::new(stream))
    }

    /// The other side knocks.
    pub(crate) fn knocked(&self, id: u32) {
        if self.shared.knocking.try_send(id).is_err() {
            tracing::warn!(id, "a knock is ignored: too many wait");
        }
    }

    /// The other side answers a knock.
    pub(crate) fn answered(&self, id: u32, answer: Result<(), String>) {
        match self.shared.knocks().heard(id, answer) {
            Heard::Told => {}
            Heard::OwesStream => self.pay(),
            Heard::Unasked => tracing::warn!(id, "an answer to no knock is ignored"),
        }
    }

    /// Opens the stream that an acknowledgement was given for too late, and drops it.
    ///
    /// At once, so that it is ahead of the stream of the next acknowledgement.
    fn pay(&self) {
        if let Some(session) = &*self.shared.session() {
            drop(session.open().now_or_never());
        }
    }

    /// Ends all knocking: who waits for an answer hears of it, who comes later is refused.
    pub(crate) fn hang_up(&self) {
        self.shared.knocks().close();
    }

    /// Ends the connection once its last stream has ended, and all knocking on it; another may
    /// follow.
    pub(crate) fn close(&self) {
        if let Some(session) = self.shared.session().take() {
            session.close();
        }
        self.shared.gate().forget_knocks();
        self.shared.knocks().forget_all();
    }
}

/// An id where the other side is let in; nobody is any more once this is dropped.
#[derive(Debug)]
pub(crate) struct Door {
    trunk: Trunk,
    id: u32,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.trunk.take_away(self.id);
    }
}

/// What keeps a connection going.
type Driving = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Shared {
    fn session(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard(&self) -> MutexGuard<'_, Option<mpsc::Receiver<u32>>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gate(&self) -> MutexGuard<'_, Gate<mpsc::Sender<Stream>>> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knocks(&self) -> MutexGuard<'_, Knocks> {
        self.knocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Trunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trunk").finish_non_exhaustive()
    }
}
