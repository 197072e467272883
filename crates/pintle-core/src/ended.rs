//! Why a session ended: kept once, handed to everyone who asks.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::runner::Exit;

/// Why a session ended, with what a person needs to find the cause.
///
/// A clone is the same answer: every waiter and every failed call gets it.
#[derive(Clone)]
pub struct SessionClosed {
    shared: Arc<Shared>,
}

struct Shared {
    program: String,
    reason: EndReason,
    exit: Option<Exit>,
    stderr: Vec<String>,
}

/// What ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// The host called [`close`](crate::Session::close) and the plugin ended in time.
    Closed,
    /// The host called [`close`](crate::Session::close), the plugin did not end in time and was killed.
    Overdue,
    /// The host called [`kill`](crate::Session::kill).
    Killed,
    /// The last [`Session`](crate::Session) was dropped, which kills.
    Dropped,
    /// The plugin's process ended by itself.
    Exited,
    /// The connection was lost though the process lived; it was killed.
    ConnectionLost,
}

impl SessionClosed {
    pub(crate) fn new(
        program: String,
        reason: EndReason,
        exit: Option<Exit>,
        stderr: Vec<String>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                program,
                reason,
                exit,
                stderr,
            }),
        }
    }

    /// The program that was launched.
    pub fn program(&self) -> &str {
        &self.shared.program
    }

    /// What ended the session.
    pub fn reason(&self) -> EndReason {
        self.shared.reason
    }

    /// How the process ended, where that is known.
    pub fn exit(&self) -> Option<Exit> {
        self.shared.exit
    }

    /// The last lines the plugin wrote to its stderr, oldest first.
    ///
    /// At most [`STDERR_TAIL_LINES`](crate::STDERR_TAIL_LINES) lines of bounded length.
    pub fn stderr(&self) -> &[String] {
        &self.shared.stderr
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
        let Shared {
            program,
            reason,
            exit,
            stderr,
        } = &*self.shared;
        write!(f, "plugin `{program}` ")?;
        match (reason, exit) {
            (EndReason::Closed, _) => f.write_str("was closed by the host"),
            (EndReason::Overdue, _) => {
                f.write_str("did not end in time when the host closed it and was killed")
            }
            (EndReason::Killed, _) => f.write_str("was killed by the host"),
            (EndReason::Dropped, _) => f.write_str("was killed because its session was dropped"),
            (EndReason::Exited, Some(exit)) => write!(f, "ended unexpectedly: {exit}"),
            (EndReason::Exited, None) => f.write_str("ended unexpectedly"),
            (EndReason::ConnectionLost, _) => {
                f.write_str("closed its connection while its process lived on; it was killed")
            }
        }?;
        match (reason, stderr.last()) {
            (EndReason::Exited | EndReason::ConnectionLost | EndReason::Overdue, Some(line)) => {
                write!(f, "; its last words: {line}")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for SessionClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionClosed")
            .field("program", &self.shared.program)
            .field("reason", &self.shared.reason)
            .field("exit", &self.shared.exit)
            .field("stderr", &self.shared.stderr)
            .finish()
    }
}

impl std::error::Error for SessionClosed {}

/// Knows whether, and why, a session has ended. A clone is another ear.
#[derive(Clone, Debug)]
pub struct Ended {
    receiver: watch::Receiver<Option<SessionClosed>>,
}

impl Ended {
    pub(crate) fn channel() -> (watch::Sender<Option<SessionClosed>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self { receiver })
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
}
