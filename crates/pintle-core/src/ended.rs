//! Why a session ended: kept once, handed to everyone who asks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::panicked::Panicked;
use crate::runner::Exit;

/// Why a session ended, with what a person needs to find the cause.
///
/// A clone is the same answer: every waiter and every failed call gets it.
#[derive(Clone)]
pub struct SessionClosed {
    end: Arc<End>,
    /// Of the one call that this copy was given to.
    call: Option<Arc<str>>,
}

/// What is known of the end.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) program: String,
    pub(crate) generation: u64,
    pub(crate) reason: EndReason,
    pub(crate) exit: Option<Exit>,
    /// Whether the process was to be killed, and could not or must not be.
    pub(crate) spared: bool,
    pub(crate) stderr: Vec<String>,
    pub(crate) panicked: Option<Panicked>,
    pub(crate) out_of_memory: bool,
    pub(crate) diagnosis: Option<String>,
}

impl End {
    /// The last line that tells anything: Rust's advice on backtraces does not.
    fn last_words(&self) -> Option<&str> {
        const ADVICE: &str = "note: run with `RUST_BACKTRACE=";
        let mut lines = self.stderr.iter().rev().map(String::as_str);
        lines.find(|line| !line.starts_with(ADVICE))
    }
}

/// What ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// The host called [`close`](crate::Session::close) and the plugin ended in time.
    Closed,
    /// The host called [`close`](crate::Session::close), the plugin did not end in time and was
    /// sent SIGTERM, and killed if that did not help either.
    Overdue,
    /// The host called [`kill`](crate::Session::kill).
    Killed,
    /// The last [`Session`](crate::Session) was dropped, which kills.
    Dropped,
    /// The last [`Session`](crate::Session) of a [detached](crate::PluginCommand::detached) plugin
    /// was dropped, or told to [detach](crate::Session::detach), which leaves it running.
    Left,
    /// The plugin's process ended by itself.
    Exited,
    /// The connection was lost though the process lived; it was killed.
    ConnectionLost,
}

impl SessionClosed {
    pub(crate) fn new(end: End) -> Self {
        Self {
            end: Arc::new(end),
            call: None,
        }
    }

    /// The same answer for one call, which it names: for transports, which know the call.
    #[must_use]
    pub fn during(&self, call: impl Into<Arc<str>>) -> Self {
        Self {
            end: Arc::clone(&self.end),
            call: Some(call.into()),
        }
    }

    /// The program that was launched.
    pub fn program(&self) -> &str {
        &self.end.program
    }

    /// Which launch of its [`PluginCommand`](crate::PluginCommand) or [`Launch`](crate::Launch)
    /// the plugin was: 1 is the first.
    pub fn generation(&self) -> u64 {
        self.end.generation
    }

    /// What ended the session.
    pub fn reason(&self) -> EndReason {
        self.end.reason
    }

    /// How the process ended, where that is known.
    pub fn exit(&self) -> Option<Exit> {
        self.end.exit
    }

    /// The call that this is the answer to, if it was given to one by a transport that names it.
    pub fn call(&self) -> Option<&str> {
        self.call.as_deref()
    }

    /// The last lines the plugin wrote to its stderr, oldest first.
    ///
    /// At most [`STDERR_TAIL_LINES`](crate::STDERR_TAIL_LINES) lines of bounded length.
    pub fn stderr(&self) -> &[String] {
        &self.end.stderr
    }

    /// The last panic that the plugin wrote about to its stderr, if it ended by itself and may have
    /// done so for that.
    pub fn panicked(&self) -> Option<&Panicked> {
        self.end.panicked.as_ref()
    }

    /// Whether the plugin perhaps ended for want of memory: it said so itself, or a SIGKILL that was
    /// not ours ended it and the system has killed for want of memory during the session.
    pub fn perhaps_out_of_memory(&self) -> bool {
        self.end.out_of_memory
    }

    /// What the [runner](crate::Process::diagnose) knows of an end that the host did not ask for, if
    /// anything: one line of bounded length.
    pub fn diagnosis(&self) -> Option<&str> {
        self.end.diagnosis.as_deref()
    }

    /// Finds it in an error and its sources: in a failed call's, for one.
    pub fn of<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found);
            }
            if let Some(found) = error.downcast_ref::<Arc<Self>>() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

impl fmt::Display for SessionClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = &*self.end;
        write!(f, "plugin `{}` ", end.program)?;
        if end.generation > 1 {
            write!(f, "(generation {}) ", end.generation)?;
        }
        match (end.reason, end.exit) {
            (EndReason::Closed, _) => f.write_str("was closed by the host"),
            (EndReason::Overdue, Some(exit)) if exit != Exit::Signal(SIGKILL) => {
                write!(
                    f,
                    "ended only after SIGTERM when the host closed it: {exit}"
                )
            }
            (EndReason::Overdue, _) if end.spared => {
                f.write_str("did not end in time when the host closed it, and could not be killed")
            }
            (EndReason::Overdue, _) => {
                f.write_str("did not end in time when the host closed it and was killed")
            }
            (EndReason::Killed, _) if end.spared => f.write_str("could not be killed by the host"),
            (EndReason::Killed, _) => f.write_str("was killed by the host"),
            (EndReason::Dropped, _) => f.write_str("was killed because its session was dropped"),
            (EndReason::Left, _) => f.write_str("was left running when its session ended"),
            (EndReason::Exited, Some(exit)) => write!(f, "ended unexpectedly: {exit}"),
            (EndReason::Exited, None) => f.write_str("ended unexpectedly"),
            (EndReason::ConnectionLost, _) if end.spared => {
                f.write_str("closed its connection while its process lived on")
            }
            (EndReason::ConnectionLost, _) => {
                f.write_str("closed its connection while its process lived on; it was killed")
            }
        }?;
        if end.out_of_memory {
            f.write_str(", perhaps for want of memory")?;
        }
        if let Some(diagnosis) = &end.diagnosis {
            write!(f, " ({diagnosis})")?;
        }
        if let Some(call) = &self.call {
            write!(f, ", during the call `{call}`")?;
        }
        match (end.reason, &end.panicked, end.last_words()) {
            (_, Some(panicked), _) => write!(f, "; {panicked}"),
            (EndReason::Exited | EndReason::ConnectionLost | EndReason::Overdue, _, Some(line)) => {
                write!(f, "; its last words: {line}")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for SessionClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionClosed")
            .field("end", &self.end)
            .field("call", &self.call)
            .finish()
    }
}

impl std::error::Error for SessionClosed {}

/// The same on every system that has signals.
pub(crate) const SIGKILL: i32 = 9;

/// How much later than what fails with it a session may begin to end and count as the cause.
///
/// All connections of a process that ends are closed together, and seen to be one after the other.
const CAUSE_TIMEOUT: Duration = Duration::from_millis(300);

/// Knows whether, and why, a session has ended. A clone is another ear.
#[derive(Clone, Debug)]
pub struct Ended {
    receiver: watch::Receiver<Option<SessionClosed>>,
    begun: CancellationToken,
    /// How long a session may take to end that has begun to.
    longest: Duration,
}

/// The one who tells.
#[derive(Debug)]
pub(crate) struct Teller {
    sender: watch::Sender<Option<SessionClosed>>,
    begun: CancellationToken,
}

impl Teller {
    /// The session has begun to end, and will tell why.
    pub(crate) fn begin(&self) {
        self.begun.cancel();
    }

    pub(crate) fn tell(&self, closed: SessionClosed) {
        self.sender.send_replace(Some(closed));
    }
}

impl Ended {
    /// For a session that takes as long at most to end, once it has begun to.
    pub(crate) fn channel(longest: Duration) -> (Teller, Self) {
        let (sender, receiver) = watch::channel(None);
        let begun = CancellationToken::new();
        let ended = Self {
            receiver,
            begun: begun.clone(),
            longest,
        };
        (Teller { sender, begun }, ended)
    }

    /// The reason, if the session has ended.
    pub fn now(&self) -> Option<SessionClosed> {
        self.receiver.borrow().clone()
    }

    /// Waits for the end and gives its reason; `None` if the session never came to be. Cancel-safe.
    pub async fn wait(&self) -> Option<SessionClosed> {
        let mut receiver = self.receiver.clone();
        match receiver.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone(),
            Err(_) => self.now(),
        }
    }

    /// For transports: why the session ended, for what failed and may have failed for that, such as
    /// a call. `over` resolves when the session's own connection is gone.
    ///
    /// `None` if that stays and nothing else ends the session: the failure has another cause then,
    /// and waits for a third of a second to be sure. Otherwise the reason is waited
    /// for: it is told within a second of the process's end, and an end that was asked for may take
    /// the times that the host allows for it. That there is no answer even then is not to be
    /// expected, and leaves the failure without a reason. Cancel-safe.
    ///
    /// Not for the tasks of the session itself, which has them end before it knows the reason.
    pub async fn explain(&self, over: impl Future<Output = ()>) -> Option<SessionClosed> {
        let is_ending = tokio::select! {
            closed = self.wait() => return closed,
            () = self.begun.cancelled() => true,
            is_over = timeout(CAUSE_TIMEOUT, over) => is_over.is_ok(),
        };
        match is_ending {
            true => timeout(self.longest, self.wait()).await.ok()?,
            false => self.now(),
        }
    }

    /// Waits until nothing of the session is left, which may be later than the reason is known.
    pub(crate) async fn gone(&self) {
        let mut receiver = self.receiver.clone();
        while receiver.changed().await.is_ok() {}
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::{Instant, sleep};

    use super::*;

    const LONGEST: Duration = Duration::from_secs(7);

    fn closed() -> SessionClosed {
        SessionClosed::new(End {
            program: "plugin".to_owned(),
            generation: 1,
            reason: EndReason::Exited,
            exit: None,
            spared: false,
            stderr: Vec::new(),
            panicked: None,
            out_of_memory: false,
            diagnosis: None,
        })
    }

    /// What is made of a failure by a session that tells after this time, and how soon.
    async fn explained(told: Duration, over: impl Future<Output = ()>) -> (bool, Duration) {
        let (teller, ended) = Ended::channel(LONGEST);
        let begin = Instant::now();
        let telling = async {
            sleep(told).await;
            teller.tell(closed());
        };
        let asking = async {
            let found = ended.explain(over).await;
            (found.is_some(), begin.elapsed())
        };
        tokio::join!(asking, telling).0
    }

    #[tokio::test(start_paused = true)]
    async fn what_failed_with_the_session_waits_for_the_reason_however_long_the_end_takes() {
        for told in [Duration::ZERO, Duration::from_millis(900), LONGEST / 2] {
            let (found, after) = explained(told, ready(())).await;
            assert!(
                found && after < told + Duration::from_millis(2),
                "{after:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_failed_by_itself_does_not_wait_long() {
        let (found, after) = explained(LONGEST, pending()).await;
        assert!(!found && after < CAUSE_TIMEOUT * 2, "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_waits_for_ever() {
        let (found, after) = explained(LONGEST * 3, ready(())).await;
        assert!(!found && after < LONGEST * 2, "{after:?}");
        let (teller, ended) = Ended::channel(LONGEST);
        drop(teller);
        assert!(ended.explain(ready(())).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_while_the_session_ends_waits_though_its_connection_is_there() {
        let (teller, ended) = Ended::channel(LONGEST);
        teller.begin();
        let telling = async {
            sleep(LONGEST / 2).await;
            teller.tell(closed());
        };
        let (found, ()) = tokio::join!(ended.explain(pending()), telling);
        assert!(found.is_some());
    }
}
