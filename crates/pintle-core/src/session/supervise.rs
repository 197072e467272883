//! The task behind a session: it owns the process and ends it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::ended::{End, EndReason, SIGKILL, SessionClosed, Teller};
use crate::host::{Pipes, SocketDir, StderrTail};
use crate::net::{Address, remove_stale};
use crate::oom::OomKills;
use crate::output::Output;
use crate::runner::{Exit, Process, diagnosis};
use crate::tasks::Tasks;
use crate::transport::AnyConnection;

/// How long a process may outlive its connection before the connection counts as lost.
///
/// A process that is ending closes its sockets a moment before it can be waited for.
const LOSS_GRACE: Duration = Duration::from_millis(500);

/// How long nothing may come of what a process that has ended printed, before the connection that
/// brings it counts as read to its end. The end of the connection is the usual sign.
const OUTPUTS_GRACE: Duration = Duration::from_millis(100);

/// How often that is waited for: a connection that somebody else keeps alive must not go on for ever.
const OUTPUTS_GRACES: usize = 50;

/// How long an end is cleared away before it is told: whoever waits for the reason is not to wait
/// for a slow disk, or for whoever takes what the plugin printed last.
const CLEARING: Duration = Duration::from_millis(600);

/// What is added to the times that are known, before a session counts as one that does not end.
const LEEWAY: Duration = Duration::from_secs(1);

/// What a handle can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Close,
    Kill,
    Detach,
}

/// What a session is to its plugin's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bond {
    /// It ends it, in whichever way it ends itself.
    Owned,
    /// It ends it when it is told to, and leaves it running when it is dropped.
    Detached,
    /// It never ends it: a plugin in test mode is somebody else's affair.
    Visited,
}

/// How long each step of an ending may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// From the request to end to SIGTERM.
    pub(crate) close: Duration,
    /// From SIGTERM to SIGKILL.
    pub(crate) terminate: Duration,
    /// From SIGKILL to being given up. Only a process that hangs inside the kernel takes long.
    pub(crate) kill: Duration,
}

impl Timeouts {
    /// How long a session can take to end once it has begun to, whichever way it goes.
    pub(crate) fn longest(&self) -> Duration {
        [self.close, self.terminate, self.kill, CLEARING, LEEWAY]
            .into_iter()
            .fold(LOSS_GRACE, Duration::saturating_add)
    }
}

/// Everything a session owns, given to its task.
pub(crate) struct Supervised {
    pub(crate) process: Box<dyn Process>,
    pub(crate) connection: Arc<dyn AnyConnection>,
    /// The readers of the plugin's stdout and stderr.
    pub(crate) pipes: Pipes,
    /// The tasks that bring what it prints over the connection.
    pub(crate) outputs: Tasks,
    /// The tasks of the connection.
    pub(crate) tasks: Tasks,
    pub(crate) tail: StderrTail,
    pub(crate) output: Output,
    /// Where the plugin listened, as this side reaches it.
    pub(crate) address: Address,
    pub(crate) sockets: SocketDir,
    pub(crate) timeouts: Timeouts,
    pub(crate) bond: Bond,
    pub(crate) oom_kills: OomKills,
    pub(crate) ended: Teller,
    /// Whether the process was to be killed, and could not or must not be.
    pub(crate) spared: bool,
}

impl Supervised {
    fn visited(&self) -> bool {
        self.bond == Bond::Visited
    }

    /// Waits for the end, brings it about, clears away, and tells then; or before, if that takes
    /// long. What it has of `ended` goes when all is done.
    pub(crate) async fn run(
        mut self,
        program: String,
        generation: u64,
        mut orders: mpsc::UnboundedReceiver<Order>,
    ) {
        let event = self.first_event(&mut orders).await;
        self.ended.begin();
        let (reason, exit) = match event {
            Event::Exited(exit) => (EndReason::Exited, exit),
            Event::Lost => self.connection_lost().await,
            Event::Ordered(Some(Order::Close)) if self.visited() => (EndReason::Closed, None),
            Event::Ordered(Some(Order::Close)) => self.close(&mut orders).await,
            Event::Ordered(Some(Order::Kill)) if self.visited() => (EndReason::Left, None),
            Event::Ordered(Some(Order::Kill)) => (EndReason::Killed, self.kill().await),
            Event::Ordered(Some(Order::Detach)) => (EndReason::Left, None),
            Event::Ordered(None) if self.bond == Bond::Owned => {
                (EndReason::Dropped, self.kill().await)
            }
            Event::Ordered(None) => (EndReason::Left, None),
        };
        let left = reason == EndReason::Left || (self.visited() && reason != EndReason::Exited);
        if left {
            self.process.release();
        }
        let mut clearing = pin!(self.remains().clear(left));
        // What the runner knows is asked for meanwhile.
        let (diagnosis, cleared) =
            tokio::join!(self.diagnosis(reason), timeout(CLEARING, &mut clearing));
        let closed = self.tell(program, generation, reason, exit, diagnosis);
        tracing::debug!(%closed, "session ended");
        self.ended.tell(closed);
        if cleared.is_err() {
            clearing.await;
        }
    }

    /// What is to be cleared away.
    fn remains(&mut self) -> Remains {
        Remains {
            pipes: self.pipes.clone(),
            outputs: self.outputs.clone(),
            tasks: self.tasks.clone(),
            output: self.output.clone(),
            address: self.address.clone(),
            sockets: std::mem::replace(&mut self.sockets, SocketDir::none()),
        }
    }

    async fn diagnosis(&mut self, reason: EndReason) -> Option<String> {
        match reason {
            EndReason::Exited | EndReason::ConnectionLost => diagnosis(&mut *self.process).await,
            _ => None,
        }
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
            Err(_) if self.visited() => {
                self.spared = true;
                (EndReason::ConnectionLost, None)
            }
            Err(_) => (EndReason::ConnectionLost, self.kill().await),
        }
    }

    /// Asks, and asks again by a signal, and kills when the time has passed or somebody orders it.
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
        let reason = match self.ends_within(self.timeouts.close, orders).await {
            Outcome::Exited(exit) => return (EndReason::Closed, exit),
            Outcome::KillOrdered => EndReason::Killed,
            Outcome::TimedOut if self.process.terminate().is_err() => EndReason::Overdue,
            Outcome::TimedOut => match self.ends_within(self.timeouts.terminate, orders).await {
                Outcome::Exited(exit) => return (EndReason::Overdue, exit),
                Outcome::KillOrdered => EndReason::Killed,
                Outcome::TimedOut => EndReason::Overdue,
            },
        };
        (reason, self.kill().await)
    }

    async fn ends_within(
        &mut self,
        time: Duration,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> Outcome {
        // Where nobody else tells of the end.
        let untold = !self.process.hears_its_end();
        tokio::select! {
            exit = self.process.wait() => Outcome::Exited(exit.ok()),
            () = self.connection.lost(), if untold => Outcome::Exited(None),
            () = tokio::time::sleep(time) => Outcome::TimedOut,
            () = kill_ordered(orders) => Outcome::KillOrdered,
        }
    }

    /// Ends the process by force; how it ended, unless even that took too long.
    async fn kill(&mut self) -> Option<Exit> {
        if let Err(error) = self.process.kill() {
            tracing::warn!(%error, process = self.process.id(), "the plugin could not be killed");
            self.spared = true;
            return None;
        }
        timeout(self.timeouts.kill, self.process.wait())
            .await
            .ok()?
            .ok()
    }

    fn tell(
        &self,
        program: String,
        generation: u64,
        reason: EndReason,
        exit: Option<Exit>,
        diagnosis: Option<String>,
    ) -> SessionClosed {
        let by_itself = ended_by_itself(reason, exit);
        // One that is still unwinding when its time is up has panicked all the same.
        let for_panic = by_itself || reason == EndReason::ConnectionLost;
        let by_stranger = reason == EndReason::Exited && exit == Some(Exit::Signal(SIGKILL));
        SessionClosed::new(End {
            program,
            generation,
            reason,
            exit,
            spared: self.spared,
            stderr: self.tail.lines(),
            panicked: self.tail.panicked().filter(|_| for_panic),
            out_of_memory: (by_itself && self.tail.out_of_memory())
                || (by_stranger && self.oom_kills.have_risen()),
            diagnosis,
        })
    }
}

/// What is left of a session whose process has ended, or is let go.
struct Remains {
    pipes: Pipes,
    outputs: Tasks,
    tasks: Tasks,
    output: Output,
    address: Address,
    sockets: SocketDir,
}

impl Remains {
    async fn clear(self, left: bool) {
        if left {
            self.pipes.give_up().await;
            self.outputs.finish().await;
        } else {
            // The outputs first: what the plugin said last still comes.
            self.output.begin_last();
            self.pipes.read_out().await;
            self.outputs_end().await;
        }
        self.tasks.finish().await;
        self.output.finish().await;
        if left {
            self.sockets.keep();
        } else {
            remove_stale(&self.address).await;
            self.sockets.remove().await;
        }
    }

    /// Waits for what comes over the connection, while it comes.
    async fn outputs_end(&self) {
        let mut heard = self.output.delivered_bytes();
        for _ in 0..OUTPUTS_GRACES {
            // Who waits for the host's own outputs is not silent.
            self.output.room_for_all().await;
            if self.outputs.done_within(OUTPUTS_GRACE).await {
                break;
            }
            let before = std::mem::replace(&mut heard, self.output.delivered_bytes());
            if heard == before {
                break;
            }
        }
        self.outputs.finish().await;
    }
}

/// Whether the process ended by its own doing, and not in good order: a panic may be why.
fn ended_by_itself(reason: EndReason, exit: Option<Exit>) -> bool {
    const SIGTERM: i32 = 15;
    let by_signal = [SIGKILL, SIGTERM].map(Exit::Signal);
    reason == EndReason::Exited
        && exit.is_none_or(|exit| !exit.success() && !by_signal.contains(&exit))
}

/// Resolves when a handle orders a kill. That nobody is left to order anything
/// does not count: a plugin that is being closed was promised its time.
async fn kill_ordered(orders: &mut mpsc::UnboundedReceiver<Order>) {
    loop {
        match orders.recv().await {
            Some(Order::Kill) => return,
            Some(Order::Close | Order::Detach) => {}
            None => std::future::pending().await,
        }
    }
}

enum Event {
    Exited(Option<Exit>),
    Ordered(Option<Order>),
    Lost,
}

/// What became of a process that was asked to end.
enum Outcome {
    Exited(Option<Exit>),
    TimedOut,
    KillOrdered,
}
