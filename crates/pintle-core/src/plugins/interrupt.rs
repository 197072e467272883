//! A set of plugins that is closed when its program is to end.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;

use super::Plugins;
use crate::ended::SessionClosed;
use crate::runner::Exit;

impl Plugins {
    /// Does `work` until it is done, or until this process is to end: by SIGINT, as Ctrl-C at a
    /// terminal sends it, or by SIGTERM. (Only Ctrl-C where there is no Unix.)
    ///
    /// When the process is to end, `work` is dropped where it is, which gives up the launches it may
    /// be waiting for, and the set is [closed](Self::close): no plugin is left when this returns, nor
    /// one of a launch that was given up. A
    /// second signal while it closes [kills](Self::kill) at once. When `work` is done the set is
    /// left as it is.
    ///
    /// Beware that neither signal ends the process by itself from the first call on, also after this
    /// has returned: it is for the program's whole work. Ending the process then, by the exit code
    /// of its choice, is the program's part, too.
    ///
    /// Dropping the future drops `work`, and leaves the set as it is.
    ///
    /// # Errors
    /// [`Interrupted`] tells by what, and how each plugin ended.
    pub async fn until_interrupted<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, Interrupted> {
        let mut signals = Signals::follow().map_err(Interrupted::Deaf)?;
        let by = tokio::select! {
            done = work => return Ok(done),
            by = signals.next() => by,
        };
        let closed = tokio::select! {
            closed = self.close() => closed,
            _ = signals.next() => {
                self.kill().await;
                self.close().await
            }
        };
        Err(match by {
            By::CtrlC => Interrupted::CtrlC { closed },
            #[cfg(unix)]
            By::Sigterm => Interrupted::Sigterm { closed },
        })
    }
}

/// What interrupted a program's work, and how each plugin that was launched has ended, by name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Interrupted {
    /// SIGINT, as Ctrl-C at a terminal sends it.
    #[error("interrupted by Ctrl-C")]
    CtrlC {
        /// As [`Plugins::close`] tells it.
        closed: BTreeMap<String, Result<Exit, SessionClosed>>,
    },
    /// SIGTERM.
    #[error("asked to end by SIGTERM")]
    Sigterm {
        /// As [`Plugins::close`] tells it.
        closed: BTreeMap<String, Result<Exit, SessionClosed>>,
    },
    /// Nothing: the operating system does not let the signals be followed. The work was not begun.
    #[error("the signals that end a program cannot be followed")]
    Deaf(#[source] io::Error),
}

enum By {
    CtrlC,
    #[cfg(unix)]
    Sigterm,
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn follow() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> By {
        tokio::select! {
            Some(()) = self.interrupt.recv() => By::CtrlC,
            Some(()) = self.terminate.recv() => By::Sigterm,
            // Nothing follows signals any more: the runtime is ending.
            else => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn follow() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> By {
        match tokio::signal::ctrl_c().await {
            Ok(()) => By::CtrlC,
            Err(_) => std::future::pending().await,
        }
    }
}
