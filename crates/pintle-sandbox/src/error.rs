use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a plugin was not started in its sandbox, sorted by who can mend it: whoever launches it
/// first, then whoever keeps the system.
///
/// It is the cause of a [`StartError::Runner`](pintle_core::StartError::Runner).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A path was granted that cannot be opened.
    #[error("`{}` cannot be granted", .path.display())]
    Grant {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program may be executed, but not what the system needs to do so.
    #[error(
        "`{}` may be executed, but not in the sandbox: grant what loads or interprets it with `execute`",
        .0.display()
    )]
    Interpreter(PathBuf),
    /// There is no such sandbox on this system.
    #[error("a sandbox needs Linux")]
    NotLinux,
    /// The kernel has no Landlock.
    #[error(
        "landlock: this kernel has none or does not use it (`lsm=` on its command line); \
         `best_effort` goes without"
    )]
    NoLandlock,
    /// The kernel's Landlock does not hold back what was not granted.
    #[error("landlock: Linux 6.2 is the first to hold back all of it; `best_effort` takes less")]
    OldLandlock,
    /// The rules could not be made.
    #[error("landlock: the rules could not be made")]
    Rules(#[source] pintle_core::BoxError),
    /// A step of entering the sandbox failed in the new process.
    #[error("{step}{}", .why.map(|why| format!(": {why}")).unwrap_or_default())]
    Step {
        /// Which one.
        step: Step,
        /// What is likely behind it.
        why: Option<&'static str>,
        /// What the system said.
        source: io::Error,
    },
    /// The new process could not be listened to.
    #[error("no pipe to the new process could be made")]
    Pipe(#[source] io::Error),
}

/// What a process does to enter its sandbox, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// It enters a network namespace, and a user namespace to be allowed to.
    Network,
    /// It says who its user is in that namespace.
    User,
    /// It lowers its limits.
    Limits,
    /// It keeps open files of the host from the program.
    Descriptors,
    /// It gives up to gain privileges.
    NoNewPrivileges,
    /// It gives up the privileges it has.
    Capabilities,
    /// It gives up all files but those granted.
    Landlock,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "network namespace",
            Self::User => "user of the namespace",
            Self::Limits => "resource limits",
            Self::Descriptors => "open files of the host",
            Self::NoNewPrivileges => "no new privileges",
            Self::Capabilities => "capabilities",
            Self::Landlock => "landlock",
        })
    }
}
