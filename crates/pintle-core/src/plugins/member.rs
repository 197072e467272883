use std::fmt;
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::NotLaunched;
use crate::ended::SessionClosed;
use crate::host::Launch;
use crate::runner::Exit;
use crate::session::Session;
use crate::transport::Transports;

/// One plugin of a set: how it is launched, and its session when it was.
pub(super) struct Member {
    launch: Launch,
    /// Whose turn it is to launch or to close it. Who closes waits for a launch to have let go.
    turn: Semaphore,
    /// Cancelled when it is not to be launched any more.
    over: CancellationToken,
    session: Mutex<Option<Session>>,
}

impl Member {
    pub(super) fn new(launch: Launch, over: CancellationToken) -> Self {
        Self {
            launch,
            turn: Semaphore::new(1),
            over,
            session: Mutex::default(),
        }
    }

    /// Its session, which may have ended.
    pub(super) fn session(&self) -> Option<Session> {
        self.lock().clone()
    }

    pub(super) fn take_ended(&self) -> Option<SessionClosed> {
        let mut session = self.lock();
        let ended = session.as_ref()?.ended();
        if ended.is_some() {
            *session = None;
        }
        ended
    }

    /// Launches it, in its turn and as one of as many as `starts` allows, unless it runs.
    ///
    /// It is done by a task, one of `launches`: a future that nobody polls could neither be given up
    /// nor let go of its turn. Dropping this one gives the launch up.
    pub(super) async fn launch(
        self: Arc<Self>,
        starts: Arc<Semaphore>,
        launches: &TaskTracker,
        transports: Transports,
    ) -> Result<Session, NotLaunched> {
        let given_up = self.over.child_token();
        let _when_dropped = given_up.clone().drop_guard();
        let launching = async move { self.launch_unless(&given_up, &starts, transports).await };
        match launches.spawn(launching.in_current_span()).await {
            Ok(launched) => launched,
            Err(error) => match error.try_into_panic() {
                Ok(of_a_runner) => panic::resume_unwind(of_a_runner),
                // The runtime is ending, and it with it.
                Err(_) => Err(NotLaunched::GivenUp),
            },
        }
    }

    async fn launch_unless(
        &self,
        given_up: &CancellationToken,
        starts: &Semaphore,
        transports: Transports,
    ) -> Result<Session, NotLaunched> {
        let turn = given_up.run_until_cancelled(permit(&self.turn)).await;
        let _turn = turn.ok_or(NotLaunched::GivenUp)?;
        if let Some(running) = self.running() {
            return Ok(running);
        }
        let start = given_up.run_until_cancelled(permit(starts)).await;
        let _start = start.ok_or(NotLaunched::GivenUp)?;
        let launched = self.launch.launch_unless(given_up, transports).await;
        let session = launched.map_err(NotLaunched::Failed)?;
        let session = session.ok_or(NotLaunched::GivenUp)?;
        // One that came to be at the last moment is in its place before its turn is over.
        *self.lock() = Some(session.clone());
        Ok(session)
    }

    pub(super) fn give_up(&self) {
        self.over.cancel();
    }

    /// Closes it if it was launched, by force after `deadline`.
    pub(super) async fn close(&self, deadline: Instant) -> Option<Result<Exit, SessionClosed>> {
        let session = self.last_session().await?;
        if timeout_at(deadline, session.close()).await.is_err() {
            session.kill().await;
        }
        Some(session.close().await)
    }

    pub(super) async fn kill(&self) -> Option<SessionClosed> {
        let session = self.last_session().await?;
        Some(session.kill().await)
    }

    /// Its session, once it is certain that no other comes after it.
    async fn last_session(&self) -> Option<Session> {
        let _turn = permit(&self.turn).await;
        self.session()
    }

    fn running(&self) -> Option<Session> {
        self.session().filter(|session| session.ended().is_none())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("launch", &self.launch)
            .field("session", &self.session())
            .finish_non_exhaustive()
    }
}

async fn permit(semaphore: &Semaphore) -> SemaphorePermit<'_> {
    let permit = semaphore.acquire().await;
    permit.expect("no semaphore of a set is ever closed")
}
