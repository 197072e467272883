use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

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
    pub(super) async fn launch(
        &self,
        starts: &Semaphore,
        transports: Transports,
    ) -> Result<Session, NotLaunched> {
        let launching = async {
            let _turn = permit(&self.turn).await;
            if let Some(running) = self.running() {
                return Ok(running);
            }
            let _start = permit(starts).await;
            let session = self.launch.launch(transports).await;
            let session = session.map_err(NotLaunched::Failed)?;
            *self.lock() = Some(session.clone());
            Ok(session)
        };
        // One that came to be at the last moment is in its place before its turn is over.
        let launched = self.over.run_until_cancelled(launching).await;
        launched.unwrap_or(Err(NotLaunched::GivenUp))
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
