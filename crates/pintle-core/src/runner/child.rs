//! A child process, and what binds it to this one.

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;

use tokio::process::{ChildStderr, ChildStdout};

#[cfg(not(unix))]
pub(super) use elsewhere::{Child, spawn};
#[cfg(unix)]
pub(super) use unix::{Child, spawn};

/// What a child shares with its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// A process group of its own, which ends when the child does, or its parent. A pipe as stdin
    /// tells it of its parent's end.
    Usual,
    /// The same, but the parent's stdin instead of a pipe, and the terminal if it is one.
    Stdin,
    /// A process group of its own, and nothing else: it may outlive its parent.
    Detached,
}

/// A child that runs.
pub(super) struct Spawned {
    pub(super) child: Child,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}
