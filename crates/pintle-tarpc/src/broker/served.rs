//! Something served under a broker id.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{BrokerError, BrokerId, TarpcBroker};
use crate::service::AnyService;

/// Something served to the other side under an id. Dropping it ends the service, cuts off its open
/// calls and gives the id back.
pub struct Served {
    id: u32,
    stop: CancellationToken,
    /// Stops without the time that open calls have otherwise.
    cut: CancellationToken,
    outcome: watch::Receiver<Option<Outcome>>,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Ended,
    NotDialled(Duration),
}

impl Served {
    pub(super) fn begin(broker: &TarpcBroker, id: BrokerId, service: Arc<dyn AnyService>) -> Self {
        let tasks = broker.tasks();
        let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
        let (told, outcome) = watch::channel(None);
        let served = Self {
            id: id.get(),
            stop: stop.clone(),
            cut: cut.clone(),
            outcome,
        };
        let broker = broker.clone();
        tasks.spawn(async move {
            let serving = broker.serve_once(&id, &*service, stop);
            let outcome = match cut.run_until_cancelled(serving).await {
                Some(Err(BrokerError::NotDialled { after, .. })) => Outcome::NotDialled(after),
                _ => Outcome::Ended,
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
    /// [`BrokerError::NotDialled`] when the other side never came, [`BrokerError::Closed`] when the
    /// session has ended.
    pub async fn ended(&self) -> Result<(), BrokerError> {
        let mut outcome = self.outcome.clone();
        let told = outcome.wait_for(Option::is_some).await.map(|told| *told);
        match told {
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
        self.cut.cancel();
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
