use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Host;
use super::launch::{self, Fate};
use crate::error::LaunchError;
use crate::runner::{CommandRunner, Runner};
use crate::session::Session;
use crate::transport::Transports;

/// A program to launch as a plugin, with its arguments. Reusable.
#[derive(Clone, Debug)]
pub struct PluginCommand {
    host: Host,
    command: CommandRunner,
    launches: Launches,
}

impl PluginCommand {
    pub(super) fn new(host: Host, program: PathBuf) -> Self {
        let command = CommandRunner {
            program,
            args: Vec::new(),
            dir: None,
            stdin: false,
            detached: false,
        };
        let launches = Launches::default();
        Self {
            host,
            command,
            launches,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.command.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of this plugin's environment; see [`Host::env`].
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.host = self.host.env(name, value);
        self
    }

    /// Starts the program in this directory, instead of in the host's.
    #[must_use]
    pub fn current_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.command.dir = Some(dir.into());
        self
    }

    /// Lets the plugin read the host's stdin; it reads nothing by default.
    ///
    /// A pipe or a file is shared as it is. A terminal is lent: its foreground process group is the
    /// plugin's from before the program begins, and the host's again when the plugin has ended, in
    /// whichever way. Meanwhile
    ///
    /// - Ctrl-C goes to the plugin and what it started, and **not to the host**. A plugin written
    ///   with pintle takes no notice, unless it listens with `tokio::signal::ctrl_c`; Ctrl-\ ends it.
    /// - The host must neither read from the terminal nor change its settings: it would be stopped.
    /// - Ctrl-Z stops the plugin without anybody to continue it. There is no job control.
    ///
    /// Only one plugin at a time can have the terminal: the launch of a second one fails with
    /// [`StartError::TerminalLent`](crate::StartError::TerminalLent). So it does, with
    /// [`NotInForeground`](crate::StartError::NotInForeground), where the host itself runs in the
    /// background of its terminal. A host that is killed cannot take the terminal back; the shell it
    /// was started from does that. On Windows stdin is shared, and nothing else is said of it.
    #[must_use]
    pub fn inherit_stdin(mut self) -> Self {
        self.command.stdin = true;
        self
    }

    /// Lets the plugin outlive its session and its host, instead of being killed with them.
    ///
    /// Dropping the last [`Session`] then leaves it running, with its socket;
    /// [`close`](Session::close) and [`kill`](Session::kill) end it as ever. What it writes to its
    /// real stdout and stderr after that finds nobody: a plugin must bear that. What it started is
    /// its own affair, except when it is killed by this host. Its stdin is empty, whatever
    /// [`inherit_stdin`](Self::inherit_stdin) says.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.command.detached = true;
        self
    }

    /// Starts the plugin, shakes hands and connects over one of `transports`.
    ///
    /// Dropping the future kills the process and leaves nothing.
    ///
    /// # Errors
    /// [`LaunchError`] names the program, the cause and its last stderr lines.
    pub async fn launch(&self, transports: impl Into<Transports>) -> Result<Session, LaunchError> {
        let fate = Fate {
            generation: self.launches.next(),
            detached: self.command.detached,
        };
        launch::launch(&self.host, &self.command, transports.into(), fate).await
    }
}

/// A plugin to launch, by a [`Runner`] of the user's own or by whatever else it was made of. Reusable.
#[derive(Clone)]
pub struct Launch {
    host: Host,
    runner: Arc<dyn Runner>,
    launches: Launches,
    detached: bool,
}

impl Launch {
    pub(super) fn new(host: Host, runner: Arc<dyn Runner>) -> Self {
        let launches = Launches::default();
        Self {
            host,
            runner,
            launches,
            detached: false,
        }
    }

    /// Starts the plugin, shakes hands and connects over one of `transports`.
    ///
    /// Dropping the future kills the process and leaves nothing.
    ///
    /// # Errors
    /// [`LaunchError`] names the program, the cause and its last stderr lines.
    pub async fn launch(&self, transports: impl Into<Transports>) -> Result<Session, LaunchError> {
        let fate = Fate {
            generation: self.launches.next(),
            detached: self.detached,
        };
        launch::launch(&self.host, &*self.runner, transports.into(), fate).await
    }
}

impl From<PluginCommand> for Launch {
    fn from(command: PluginCommand) -> Self {
        Self {
            host: command.host,
            detached: command.command.detached,
            runner: Arc::new(command.command),
            launches: command.launches,
        }
    }
}

impl fmt::Debug for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launch")
            .field("program", &self.runner.program())
            .finish_non_exhaustive()
    }
}

/// Counts the launches of one command. A clone counts on with it.
#[derive(Clone, Debug, Default)]
struct Launches {
    begun: Arc<AtomicU64>,
}

impl Launches {
    fn next(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::Relaxed) + 1
    }
}
