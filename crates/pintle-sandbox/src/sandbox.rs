use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use pintle_core::{BoxFuture, Runner, StartError, StartPlan, Started};

use crate::grant::{Access, Grant};
use crate::limits::{Limit, Limits};
use crate::start;

/// A program, and the sandbox in which it is to be a plugin. Reusable.
///
/// Nothing but what it is granted can be reached by it, beside what a program needs to be loaded:
/// itself, [`EXECUTE_BY_DEFAULT`](crate::EXECUTE_BY_DEFAULT),
/// [`READ_BY_DEFAULT`](crate::READ_BY_DEFAULT), [`WRITE_BY_DEFAULT`](crate::WRITE_BY_DEFAULT), and its
/// session's directory for sockets. That is enough for a plugin written with pintle or in Go; one
/// that resolves names wants `/etc/resolv.conf` and its like, one under
/// [`Host::socket_group`](pintle_core::Host::socket_group) wants `/etc/group`, and a script its
/// interpreter.
///
/// Its environment is the host's business, as ever: [`Host::env`](pintle_core::Host::env),
/// [`Launch::env`](pintle_core::Launch::env).
#[derive(Clone, Debug)]
pub struct Sandbox {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) dir: Option<PathBuf>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) network: bool,
    pub(crate) limits: Limits,
    pub(crate) best_effort: bool,
}

impl Sandbox {
    /// A sandbox for `program`, sought in the plugin's `PATH` if it is a bare name.
    ///
    /// It has a network, and no limits but the host's own.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            dir: None,
            grants: Vec::new(),
            network: true,
            limits: Limits::default(),
            best_effort: false,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Starts the program in this directory, instead of in the host's. It is not granted by that.
    #[must_use]
    pub fn current_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Lets the plugin read this file, or list this directory and read every file below it.
    ///
    /// Here and in the other grants the path must exist when the plugin is launched, a relative one
    /// is the host's, and of a symbolic link its target is granted.
    #[must_use]
    pub fn read(self, path: impl Into<PathBuf>) -> Self {
        self.grant(path.into(), Access::Read)
    }

    /// Lets the plugin read and write this file; or read, write, make, rename and remove every file
    /// below this directory, device files excepted.
    #[must_use]
    pub fn write(self, path: impl Into<PathBuf>) -> Self {
        self.grant(path.into(), Access::Write)
    }

    /// Lets the plugin read and run this program, or every program below this directory. They run in
    /// the same sandbox.
    #[must_use]
    pub fn execute(self, path: impl Into<PathBuf>) -> Self {
        self.grant(path.into(), Access::Execute)
    }

    /// Leaves the plugin without network, the loopback interface included.
    ///
    /// The session's own sockets are files and not affected; a plugin that listens on TCP cannot be
    /// reached. The plugin is then in a user namespace in which its user and group are the only
    /// ones: it cannot give its socket to a [group](pintle_core::Host::socket_group) other than its
    /// own.
    #[must_use]
    pub fn no_network(mut self) -> Self {
        self.network = false;
        self
    }

    /// The most private memory that each process of the plugin may have, in bytes: heap, stacks and
    /// variables. An allocation beyond fails; a Rust program aborts then.
    ///
    /// Address space that is only reserved does not count, as Go's runtime does; memory that is
    /// shared or a file does not either. For a bound on all there is, use a control group.
    #[must_use]
    pub fn memory_limit_bytes(self, bytes: u64) -> Self {
        self.limit(Limit::MemoryBytes, bytes)
    }

    /// The most files, sockets included, that each process of the plugin may have open.
    ///
    /// A plugin needs some twenty to begin with, and one or two for each connection.
    #[must_use]
    pub fn open_files_limit(self, files: u64) -> Self {
        self.limit(Limit::OpenFiles, files)
    }

    /// The most processor time that each process of the plugin may use, in whole seconds, of which a
    /// part counts as one. It is then sent SIGXCPU, and killed a second later.
    #[must_use]
    pub fn cpu_time_limit(self, time: Duration) -> Self {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        self.limit(Limit::CpuSeconds, seconds)
    }

    /// The most processes and threads the plugin's *user* may have when the plugin starts another.
    ///
    /// All of that user's count, wherever they are, but in a sandbox
    /// [without network](Self::no_network), whose own are all that count. Root is never limited.
    #[must_use]
    pub fn processes_limit(self, processes: u64) -> Self {
        self.limit(Limit::Processes, processes)
    }

    /// Writes no core dump if the plugin crashes: what it had in memory stays out of files.
    ///
    /// Where the system hands core dumps to a program, that one decides.
    #[must_use]
    pub fn no_core_dumps(self) -> Self {
        self.limit(Limit::CoreBytes, 0)
    }

    /// Launches the plugin with as much of the sandbox as this system has, instead of not at all.
    ///
    /// What is missing is a warning in the log. On a system without Landlock the plugin can then
    /// reach every file that its user can.
    #[must_use]
    pub fn best_effort(mut self) -> Self {
        self.best_effort = true;
        self
    }

    fn grant(mut self, path: PathBuf, access: Access) -> Self {
        self.grants.push(Grant::new(path, access));
        self
    }

    fn limit(mut self, limit: Limit, most: u64) -> Self {
        self.limits.set(limit, most);
        self
    }
}

impl Runner for Sandbox {
    fn program(&self) -> String {
        self.program.display().to_string()
    }

    fn start(&self, plan: StartPlan) -> BoxFuture<'_, Result<Started, StartError>> {
        Box::pin(start::start(self, plan))
    }
}
