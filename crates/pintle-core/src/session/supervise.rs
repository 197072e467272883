//! The task behind a session: it owns the process and ends it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::ended::{EndReason, SessionClosed};
use crate::host::{SocketDir, StderrTail};
use crate::net::{Address, remove_stale};
use crate::output::Output;
use crate::runner::{Exit, Process};
use crate::tasks::Tasks;
use crate::transport::AnyConnection;

/// How long a process may outlive its connection before the connection counts as lost.
///
/// A process that is ending closes its sockets a moment before it can be waited for.
const LOSS_GRACE: Duration = Duration::from_millis(500);

/// How long the outputs of a process that has ended may take to be read to their end.
///
/// A grandchild may hold them open for ever.
const OUTPUTS_GRACE: Duration = Duration::from_millis(100);

/// How long a killed process may take to be gone.
///
/// Only one that hangs inside the kernel needs longer, and nothing can be done about it.
const KILL_GRACE: Duration = Duration::from_secs(2);

/// What a handle can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Close,
    Kill,
}

/// Everything a session owns, given to its task.
pub(crate) struct Supervised {
    pub(crate) process: Box<dyn Process>,
    pub(crate) connection: Arc<dyn AnyConnection>,
    /// The readers of what the plugin writes to its standard outputs.
    pub(crate) outputs: Tasks,
    /// The tasks of the connection.
    pub(crate) tasks: Tasks,
    pub(crate) tail: StderrTail,
    pub(crate) output: Output,
    /// Where the plugin listened, as this side reaches it.
    pub(crate) address: Address,
    pub(crate) sockets: SocketDir,
    pub(crate) close_timeout: Duration,
    pub(crate) ended: watch::Sender<Option<SessionClosed>>,
}

impl Supervised {
    /// Waits for the end, brings it about, cleans up, and only then tells.
    pub(crate) async fn run(mut self, program: String, mut orders: mpsc::UnboundedReceiver<Order>) {
        let (reason, exit) = match self.first_event(&mut orders).await {
            Event::Exited(exit) => (EndReason::Exited, exit),
            Event::Lost => self.connection_lost().await,
            Event::Ordered(Some(Order::Close)) => self.close(&mut orders).await,
            Event::Ordered(Some(Order::Kill)) => (EndReason::Killed, self.kill().await),
            Event::Ordered(None) => (EndReason::Dropped, self.kill().await),
        };
        // The outputs first: what the plugin said last still comes over the connection.
        self.outputs.finish_within(OUTPUTS_GRACE).await;
        self.tasks.finish().await;
        remove_stale(&self.address).await;
        self.sockets.remove();
        self.output.flush();
        let closed = SessionClosed::new(program, reason, exit, self.tail.lines());
        tracing::debug!(%closed, "session ended");
        self.ended.send_replace(Some(closed));
    }

    async fn first_event(&mut self, orders: &mut mpsc::UnboundedReceiver<Order>) -> Event {
        tokio::select! {
            exit = self.process.wait() => Event::Exited(exit.ok()),
            order = orders.recv() => Event::Ordered(order),
            () = self.connection.lost() => Event::Lost,
        }
    }

    /// Most often the first sign of a crash: the exit follows at once.
    async fn connection_lost(&mut self) -> (EndReason, Option<Exit>) {
        match timeout(LOSS_GRACE, self.process.wait()).await {
            Ok(exit) => (EndReason::Exited, exit.ok()),
            Err(_) => (EndReason::ConnectionLost, self.kill().await),
        }
    }

    /// Asks, waits, and kills when the time has passed or somebody orders it.
    async fn close(
        &mut self,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> (EndReason, Option<Exit>) {
        let connection = Arc::clone(&self.connection);
        self.tasks.spawn(async move {
            // The answer may be lost together with the server that gives it: the exit counts.
            if let Err(error) = connection.shutdown().await {
                tracing::trace!(error, "no answer to the request to end");
            }
        });
        let reason = tokio::select! {
            exit = self.process.wait() => return (EndReason::Closed, exit.ok()),
            () = tokio::time::sleep(self.close_timeout) => EndReason::Overdue,
            () = kill_ordered(orders) => EndReason::Killed,
        };
        (reason, self.kill().await)
    }

    /// Ends the process by force; how it ended, unless even that took too long.
    async fn kill(&mut self) -> Option<Exit> {
        if let Err(error) = self.process.kill() {
            tracing::warn!(%error, process = self.process.id(), "the plugin could not be killed");
        }
        timeout(KILL_GRACE, self.process.wait()).await.ok()?.ok()
    }
}

/// Resolves when a handle orders a kill. That nobody is left to order anything
/// does not count: a plugin that is being closed was promised its time.
async fn kill_ordered(orders: &mut mpsc::UnboundedReceiver<Order>) {
    loop {
        match orders.recv().await {
            Some(Order::Kill) => return,
            Some(Order::Close) => {}
            None => std::future::pending().await,
        }
    }
}

enum Event {
    Exited(Option<Exit>),
    Ordered(Option<Order>),
    Lost,
}
