//! A child process, and what binds it to this one.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(target_os = "linux"))]
use std::process::Command;

use tokio::process::{ChildStderr, ChildStdout};

#[cfg(unix)]
pub(super) use unix::{Child, spawn};
#[cfg(windows)]
pub(super) use windows::{Child, spawn};

#[cfg(not(target_os = "linux"))]
use crate::trust::{Entrance, Image};

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

/// The same command, with the image as its program.
#[cfg(not(target_os = "linux"))]
fn replaced(command: &Command, image: &Image) -> Command {
    let Entrance::Path(path) = image.entrance();
    let mut replaced = Command::new(path);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut replaced, command.get_program());
    replaced.args(command.get_args()).env_clear();
    // What the command does not name is not inherited, and so it takes nothing away.
    let named = command.get_envs();
    replaced.envs(named.filter_map(|(name, value)| Some((name, value?))));
    if let Some(dir) = command.get_current_dir() {
        replaced.current_dir(dir);
    }
    replaced
}
