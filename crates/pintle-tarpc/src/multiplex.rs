//! The one connection of a session, shared by its streams.

use std::time::Duration;

use pintle_core::{Stream, Tasks};
use pintle_mux::{Driver, Session, Stream as MuxStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::error::TarpcError;
use crate::transport::Settings;

/// How long the last bytes of a connection may take to leave.
const CLOSE_GRACE: Duration = Duration::from_millis(500);

/// A multiplexed connection, and its end.
pub(crate) struct Multiplex {
    pub(crate) session: Session,
    /// Cancelled when the connection has ended, for whatever reason.
    pub(crate) over: CancellationToken,
}

/// The side that connected.
pub(crate) fn client(stream: Stream, settings: &Settings, tasks: &Tasks) -> Multiplex {
    let (session, driver) = Session::client(stream, settings.mux());
    Multiplex::new(session, driver, tasks)
}

/// The side that was connected to.
pub(crate) fn server(stream: Stream, settings: &Settings, tasks: &Tasks) -> Multiplex {
    let (session, driver) = Session::server(stream, settings.mux());
    Multiplex::new(session, driver, tasks)
}

impl Multiplex {
    fn new(session: Session, driver: Driver, tasks: &Tasks) -> Self {
        let over = CancellationToken::new();
        // Dropped with the task, too, however that ends.
        let ended = over.clone().drop_guard();
        tasks.spawn(async move {
            let reason = driver.await;
            tracing::debug!(%reason, "the connection ended");
            drop(ended);
        });
        Self { session, over }
    }

    pub(crate) async fn open(&self) -> Result<MuxStream, TarpcError> {
        let opened = self.session.open().await;
        opened.map_err(|error| TarpcError::Ended(error.into()))
    }

    pub(crate) async fn accept(&self) -> Result<MuxStream, TarpcError> {
        match self.session.accept().await {
            Some(stream) => Ok(stream),
            None => Err(TarpcError::Ended(self.session.closed().await.into())),
        }
    }

    /// Lets the last bytes leave, then ends the connection whatever is still open.
    pub(crate) async fn close(&self) {
        self.session.close();
        if timeout(CLOSE_GRACE, self.over.cancelled()).await.is_err() {
            self.session.abort();
            let _ = timeout(CLOSE_GRACE, self.over.cancelled()).await;
        }
    }
}
