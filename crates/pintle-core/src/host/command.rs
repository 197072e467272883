use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use super::Host;
use super::launch::{self, Fate};
use crate::error::LaunchError;
use crate::runner::{CommandRunner, Runner};
use crate::session::{Bond, Session};
use crate::transport::Transports;
use crate::trust::{PublicKey, Sha256, Signature, Trust};

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
            trust: Trust::default(),
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
    /// plugin's from before the program begins, and the host's again, with the settings it had, when
    /// the plugin has ended, in whichever way, or its host's runtime has. Meanwhile
    ///
    /// - Ctrl-C goes to the plugin and what it started, and **not to the host**. A plugin written
    ///   with pintle takes no notice, unless it listens with `tokio::signal::ctrl_c`; Ctrl-\ ends it.
    /// - The host must neither read from the terminal nor change its settings: it would be stopped.
    /// - Ctrl-Z stops the plugin without anybody to continue it. There is no job control.
    ///
    /// Only one plugin at a time can have the terminal: the launch of a second one fails with
    /// [`StartError::TerminalLent`](crate::StartError::TerminalLent). So it does, with
    /// [`NotInForeground`](crate::StartError::NotInForeground), where the host itself runs in the
    /// background of its terminal. A host that is killed, or exits from within its runtime, cannot
    /// take the terminal back; an interactive shell that it was started from does that. On Windows stdin is shared, and nothing else is said of it.
    #[must_use]
    pub fn inherit_stdin(mut self) -> Self {
        self.command.stdin = true;
        self
    }

    /// Lets the plugin outlive its session and its host, instead of being killed with them.
    ///
    /// Dropping the last [`Session`] then leaves it running, with its socket;
    /// [`close`](Session::close) and [`kill`](Session::kill) end it as ever, and
    /// [`token`](Session::token) and [`detach`](Session::detach) give what another host takes it over
    /// by. What it writes to its
    /// real stdout and stderr after that finds nobody: a plugin must bear that. One written with
    /// pintle does; one in Go is ended by SIGPIPE with the first line it logs, unless it is started
    /// with a stderr of its own, by `sh -c 'exec ./plugin 2>>plugin.log'` for one. What it started is
    /// its own affair, except when it is killed by this host. Its stdin is empty, whatever
    /// [`inherit_stdin`](Self::inherit_stdin) says.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.command.detached = true;
        self
    }

    /// The names of the variables that a plugin of this command would be given now: what it inherits
    /// and what was set, in order. Those of the handshake itself come beside them.
    ///
    /// Values are not told, for they may be secrets.
    pub fn environment_names(&self) -> Vec<OsString> {
        let Host {
            environment,
            handshake,
            ..
        } = &self.host;
        environment.names(handshake.cookie_key())
    }

    /// Executes the program only if it has this checksum, as its publisher or an operator names it.
    ///
    /// The bytes that were verified are the bytes that are executed, whatever becomes of the file
    /// meanwhile. On Linux they are in memory that nobody can write, and take as much of it as the
    /// program is large for as long as the plugin runs; elsewhere, and where such memory may not be
    /// executed (`vm.memfd_noexec=2`), in a file in a fresh directory that only this user may enter.
    ///
    /// So a verified plugin does not run from its own place: `current_exe`, `$ORIGIN` of the dynamic
    /// linker and `$0` of a script do not lead to the files beside it, and set-user-id bits and file
    /// capabilities have no effect. Its name, the first of its arguments, is as ever. Of a script
    /// only the script is verified, and not its interpreter; on Linux it is left one more descriptor.
    ///
    /// A second call replaces the first; with [`signed_by`](Self::signed_by), both must hold. A
    /// program that has another checksum is refused with [`TrustError::Checksum`](crate::TrustError).
    #[must_use]
    pub fn checksum(mut self, sha256: Sha256) -> Self {
        self.command.trust.checksum = Some(sha256);
        self
    }

    /// Executes the program only if `key` has signed it.
    ///
    /// Unlike a checksum, a key need not change when the program is updated; but it vouches for
    /// every version that was ever signed with it, old ones too. What is executed, and what that
    /// means for the plugin, is as with [`checksum`](Self::checksum).
    ///
    /// ```
    /// # use pintle_core::{Handshake, Host, PublicKey, Signature};
    /// # const HANDSHAKE: Handshake = Handshake::new("KEY", "value");
    /// let publisher = PublicKey::parse("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3")?;
    /// let greeter = Host::new(HANDSHAKE)
    ///     .command("/opt/plugins/greeter") // and greeter.minisig beside it
    ///     .signed_by(publisher, Signature::beside());
    /// # Ok::<_, pintle_core::BadKey>(())
    /// ```
    ///
    /// A second call replaces the first. A program that is not so signed is refused with
    /// [`TrustError::Signature`](crate::TrustError).
    #[must_use]
    pub fn signed_by(mut self, key: PublicKey, signature: Signature) -> Self {
        self.command.trust.signed = Some((key, signature));
        self
    }

    /// Refuses a program that another user than the host's own or root could change, or put another
    /// in the place of.
    ///
    /// That is one which the group or others may write, or which belongs to another user; or where
    /// this is so of a directory on the way to it, from the root on, unless that has the sticky bit.
    /// Symbolic links are followed as long as they, and the directories they are in, are as safe.
    ///
    /// Without a checksum or a signature the program is executed where it is, a script by the path
    /// that its links lead to. On Linux the file that was looked at is the one that is executed; a
    /// kernel before 6.14 shows it by a number where it shows names of processes. Only on Unix;
    /// elsewhere every program is refused.
    ///
    /// The refusal is [`TrustError::Writable`](crate::TrustError) or
    /// [`TrustError::Foreign`](crate::TrustError), and names the path.
    #[must_use]
    pub fn refuse_writable(mut self) -> Self {
        self.command.trust.refuse_writable = true;
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
            bond: self.bond(),
        };
        launch::launch(&self.host, &self.command, transports.into(), fate).await
    }

    fn bond(&self) -> Bond {
        match self.command.detached {
            true => Bond::Detached,
            false => Bond::Owned,
        }
    }
}

/// A plugin to launch, by a [`Runner`] of the user's own or by whatever else it was made of. Reusable.
#[derive(Clone)]
pub struct Launch {
    host: Host,
    runner: Arc<dyn Runner>,
    launches: Launches,
    bond: Bond,
}

impl Launch {
    pub(super) fn new(host: Host, runner: Arc<dyn Runner>) -> Self {
        let launches = Launches::default();
        Self {
            host,
            runner,
            launches,
            bond: Bond::Owned,
        }
    }

    /// Sets a variable of this plugin's environment; see [`Host::env`].
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.host = self.host.env(name, value);
        self
    }

    /// Starts the plugin, shakes hands and connects over one of `transports`.
    ///
    /// Dropping the future kills the process and leaves nothing.
    ///
    /// # Errors
    /// [`LaunchError`] names the program, the cause and its last stderr lines.
    pub async fn launch(&self, transports: impl Into<Transports>) -> Result<Session, LaunchError> {
        launch::launch(&self.host, &*self.runner, transports.into(), self.fate()).await
    }

    /// The same, unless it is given up before: `None` then, once nothing is left of it.
    pub(crate) async fn launch_unless(
        &self,
        given_up: &CancellationToken,
        transports: Transports,
    ) -> Result<Option<Session>, LaunchError> {
        let fate = self.fate();
        launch::launch_unless(given_up, &self.host, &*self.runner, transports, fate).await
    }

    fn fate(&self) -> Fate {
        Fate {
            generation: self.launches.next(),
            bond: self.bond,
        }
    }
}

impl From<PluginCommand> for Launch {
    fn from(command: PluginCommand) -> Self {
        Self {
            bond: command.bond(),
            host: command.host,
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
