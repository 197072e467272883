//! Something served under a broker id.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pintle_core::Tasks;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{BrokerError, BrokerId, Shared};
use crate::endpoint::{self, Source, Wanted};
use crate::h2::{Router, Settings};

/// Something served to the other side under an id. Dropping it ends the
/// service and its connections and gives the id back.
pub struct Served {
    id: u32,
    stop: CancellationToken,
    outcome: watch::Receiver<Option<Outcome>>,
}

#[derive(Clone, Copy)]
enum Outcome {
    Ended,
    NotDialled(Duration),
}

impl Served {
    /// Serves everyone who comes, until the value is dropped.
    pub(super) fn begin(
        shared: &Arc<Shared>,
        id: BrokerId,
        source: Source,
        router: Router,
    ) -> Self {
        Self::spawn(shared, id, |settings, tasks, stop, patience| {
            endpoint::serve_while_wanted(source, router, settings, tasks, stop, patience)
        })
    }

    /// Serves one who comes, to the end; until then, until the value is dropped.
    pub(super) fn begin_one(
        shared: &Arc<Shared>,
        id: BrokerId,
        source: Source,
        router: Router,
    ) -> Self {
        Self::spawn(shared, id, |settings, tasks, stop, patience| {
            let stops = [stop, CancellationToken::new()];
            endpoint::serve_one(source, router, settings, tasks, stops, patience)
        })
    }

    /// Serves one who comes, until they leave or the value is dropped.
    pub(super) fn begin_once(
        shared: &Arc<Shared>,
        id: BrokerId,
        source: Source,
        router: Router,
    ) -> Self {
        Self::spawn(shared, id, |settings, tasks, stop, patience| {
            let stops = [stop.clone(), stop];
            endpoint::serve_one(source, router, settings, tasks, stops, patience)
        })
    }

    fn spawn<F>(
        shared: &Arc<Shared>,
        id: BrokerId,
        serve: impl FnOnce(Settings, Tasks, CancellationToken, Duration) -> F,
    ) -> Self
    where
        F: Future<Output = Wanted> + Send + 'static,
    {
        let stop = shared.tasks.stopping().child_token();
        let (told, outcome) = watch::channel(None);
        let served = Self {
            id: id.get(),
            stop: stop.clone(),
            outcome,
        };
        let patience = shared.accept_timeout;
        let serving = serve(
            shared.settings.clone(),
            shared.tasks.clone(),
            stop,
            patience,
        );
        shared.tasks.spawn(async move {
            let outcome = match serving.await {
                Wanted::Yes => Outcome::Ended,
                Wanted::No => Outcome::NotDialled(patience),
            };
            drop(id);
            told.send_replace(Some(outcome));
        });
        served
    }

    /// The id to send to the other side.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Waits until it is no longer served. Cancel-safe.
    ///
    /// # Errors
    /// [`BrokerError::NotDialled`] when the other side never came,
    /// [`BrokerError::Closed`] when the session has ended.
    pub async fn ended(&self) -> Result<(), BrokerError> {
        let mut outcome = self.outcome.clone();
        match outcome
            .wait_for(Option::is_some)
            .await
            .map(|outcome| *outcome)
        {
            Ok(Some(Outcome::NotDialled(after))) => {
                Err(BrokerError::NotDialled { id: self.id, after })
            }
            Ok(_) => Ok(()),
            Err(_) => Err(BrokerError::Closed(None)),
        }
    }

    /// Ends the service, lets open calls finish within a bounded time, and waits for it.
    pub async fn close(self) {
        self.stop.cancel();
        let _ = self.ended().await;
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
