//! How a plugin's process is started, waited for and ended.

mod attached;
mod birth;
mod child;
mod diagnosis;
#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "what happens between fork and exec is unsafe by its nature"
)]
mod exec;
mod exit;
#[cfg(unix)]
mod guard;
mod home;
#[cfg(unix)]
mod outlet;
mod process;
#[cfg(unix)]
mod sigchld;
#[cfg(unix)]
mod spawner;
#[cfg(unix)]
mod terminal;

use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;

use tokio::io::AsyncRead;

pub(crate) use attached::{Attached, NotThere};
pub(crate) use birth::Birth;
pub(crate) use diagnosis::diagnosis;
pub use exit::Exit;
pub(crate) use home::{Home, Stay};
pub(crate) use process::CommandRunner;

use crate::net::{SameView, Translate};
use crate::trust::TrustError;
use child::Bond;

/// A boxed future, as the methods of [`Runner`] and [`Process`] return them.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Starts plugins: as a child process by default, in a container or a sandbox
/// by a runner of the user's own.
///
/// Nothing outside the runner assumes a local process id, a shared file system
/// or a shared environment. One that starts a child of the host does so by
/// [`StartPlan::start_child`]: `pintle-sandbox` is an example.
pub trait Runner: Send + Sync + 'static {
    /// What to call the plugin in messages: a path, an image.
    fn program(&self) -> String;

    /// Starts a process. Dropping the future must leave none: that is how a start ends which takes
    /// longer than the host's [start timeout](crate::Host::start_timeout).
    fn start(&self, plan: StartPlan) -> BoxFuture<'_, Result<Started, StartError>>;
}

/// What a host wants of the process to be started.
#[derive(Clone)]
#[non_exhaustive]
pub struct StartPlan {
    /// The whole environment of the process; nothing else is to be inherited.
    pub environment: Vec<(OsString, OsString)>,
    /// The directory of this session for sockets, as the host sees it.
    pub socket_dir: PathBuf,
    /// There until the process is gone.
    stay: Option<Stay>,
}

impl StartPlan {
    pub(crate) fn new(environment: Vec<(OsString, OsString)>, socket_dir: PathBuf) -> Self {
        Self {
            environment,
            socket_dir,
            stay: None,
        }
    }

    /// For a process that is to have the directory for sockets until it is gone.
    pub(crate) fn with_stay(mut self, stay: Option<Stay>) -> Self {
        self.stay = stay;
        self
    }

    /// Starts `command` as this plan wants it, as a child process that does not outlive the host:
    /// for runners that are a program's command line, or a command with something to be done to it.
    ///
    /// What decides about the child's life is set here, whatever `command` says of it: environment,
    /// stdin (how the plugin learns of the host's end), stdout and stderr, and a process group of its
    /// own. Program, arguments, working directory and hooks are the caller's. Hooks that were given
    /// to [`pre_exec`](std::os::unix::process::CommandExt::pre_exec) before run in the child first,
    /// in that working directory and group; the host's end is asked for after them.
    ///
    /// The process starts on a thread kept for it, and dropping the future leaves none.
    ///
    /// # Errors
    /// [`StartError`], with the causes told apart that the operating system lumps together.
    pub async fn start_child(&self, command: Command) -> Result<Started, StartError> {
        process::start(command, self, Bond::Usual, None).await
    }
}

impl fmt::Debug for StartPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values may be secrets; the names say enough.
        let names: Vec<_> = self.environment.iter().map(|(name, _)| name).collect();
        f.debug_struct("StartPlan")
            .field("environment", &names)
            .field("socket_dir", &self.socket_dir)
            .finish()
    }
}

/// A process that has been started.
pub struct Started {
    /// The process.
    pub process: Box<dyn Process>,
    /// Its stdout, where the handshake line comes from.
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// Its stderr, where its log comes from.
    pub stderr: Box<dyn AsyncRead + Send + Unpin>,
    /// How addresses look from each side.
    pub translation: Arc<dyn Translate>,
}

impl Started {
    /// A process that sees the same addresses as the host.
    pub fn new(
        process: impl Process,
        stdout: impl AsyncRead + Send + Unpin + 'static,
        stderr: impl AsyncRead + Send + Unpin + 'static,
    ) -> Self {
        Self {
            process: Box::new(process),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            translation: Arc::new(SameView),
        }
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started")
            .field("process", &self.process.id())
            .finish_non_exhaustive()
    }
}

/// A running process. Dropping it must kill it.
pub trait Process: Send + Sync + 'static {
    /// How to name it to a person: `pid 4711`.
    fn id(&self) -> String;

    /// The local process id, if there is one and the process has not been waited for.
    fn pid(&self) -> Option<u32>;

    /// Waits for the end of the process itself, not of its pipes. Cancel-safe;
    /// asked again after the end it answers the same.
    ///
    /// What the process wrote must be in its [outputs](Started) by then: each is read until it ends,
    /// gives nothing for 100 ms, or has been read for 300 ms with nothing to be had at once.
    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>>;

    /// Whether [`wait`](Self::wait) hears of the end at all; so it does by default. Where nobody tells,
    /// the end of the connection is taken for it once the process was asked to end.
    fn hears_its_end(&self) -> bool {
        true
    }

    /// Asks the process, and what it started, to end, as SIGTERM does. Does not wait.
    ///
    /// # Errors
    /// When it cannot be asked, by default: it is then killed at once.
    fn terminate(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Lets the process go: dropping this must leave it running from now on. Called for what was
    /// launched [detached](crate::PluginCommand::detached) only; by default it does nothing.
    fn release(&mut self) {}

    /// Ends the process, and what it started, by force. Does not wait.
    ///
    /// # Errors
    /// When the operating system refuses; a process that has ended is no error.
    fn kill(&mut self) -> io::Result<()>;

    /// What is known here of a launch that failed, or of an end that nobody asked for, and may
    /// explain it: `the container was out of memory`. Nothing, by default.
    ///
    /// Asked once, when the process has ended or is to be ended anyway. The answer is one line of the
    /// error that people read, and whoever calls the plugin waits for: after 300 ms it comes too late,
    /// and only its beginning is kept.
    fn diagnose(&mut self) -> BoxFuture<'_, Option<String>> {
        Box::pin(std::future::ready(None))
    }
}

/// Why a runner could not start a process, sorted by who can mend it.
///
/// The program itself is named by the error that carries this one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no such program.
    #[error("there is no such program")]
    Missing(PathBuf),
    /// The program exists, but what is to interpret it does not.
    #[error("it exists, but the interpreter or loader it asks for does not")]
    NoInterpreter(PathBuf),
    /// The program may not be executed.
    #[error("it may not be executed")]
    NotExecutable(PathBuf),
    /// The program is for another machine or not a program.
    #[error("it is not a program for this machine")]
    WrongArchitecture(PathBuf),
    /// The directory to start it in does not exist.
    #[error("the working directory `{}` does not exist", .0.display())]
    NoDirectory(PathBuf),
    /// The program was not executed, as it is not to be trusted.
    #[error("it was not executed")]
    Untrusted(PathBuf, #[source] Box<TrustError>),
    /// Another plugin of this process has the terminal, and only one can.
    #[error("another plugin of the host has the terminal")]
    TerminalLent,
    /// The host is not in the foreground of its terminal, and so cannot lend it.
    #[error("the host is not in the foreground of its terminal")]
    NotInForeground,
    /// The host ignores SIGCHLD though it had been put right: the system would take note of the
    /// plugin's end in its stead, and its number could be another's unnoticed.
    #[error("the host ignores SIGCHLD, and so could not wait for it")]
    SigchldIgnored,
    /// The operating system refused for another reason.
    #[error("the operating system refused to start it")]
    Refused(PathBuf, #[source] io::Error),
    /// A runner of the user's own failed.
    #[error("the runner failed")]
    Runner(#[source] crate::error::BoxError),
}

impl StartError {
    /// What to do about it, where that is known.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Missing(_) => {
                "a name without a slash is sought in PATH, a relative path from the working directory"
            }
            Self::NoInterpreter(_) => {
                "a script names it in its first line; of a binary `file` shows it (built for musl or for glibc?)"
            }
            Self::NotExecutable(_) => {
                "give it the permission with chmod +x; is it a directory, or on a file system mounted noexec?"
            }
            Self::WrongArchitecture(_) => {
                "it is built for another architecture or system, or is no program at all; `file` tells"
            }
            Self::Untrusted(_, error) => return error.hint(),
            Self::TerminalLent => {
                "close the other one first, or leave out PluginCommand::inherit_stdin"
            }
            Self::NotInForeground => {
                "run the host in the foreground or with another stdin, or leave out PluginCommand::inherit_stdin"
            }
            Self::SigchldIgnored => {
                "a handler for SIGCHLD is installed with the first launch: do not ignore it after that"
            }
            _ => return None,
        })
    }
}
