//! A [`Runner`](pintle_core::Runner) that starts plugins in a sandbox of the Linux kernel.
//!
//! The plugin reads, writes and runs the files it was granted and no others, gains no privileges,
//! and keeps to the limits it was given; so does whatever it starts. No daemon, image or privilege
//! is needed: the child gives up its own rights between fork and exec. For plugins that need a
//! system of their own, or that were written to break out, use a container or a virtual machine.
//!
//! Start at [`Sandbox`]:
//!
//! ```no_run
//! # async fn launch<T: Into<pintle_core::Transports>>(
//! #     handshake: pintle_core::Handshake,
//! #     transport: T,
//! # ) -> Result<(), pintle_core::BoxError> {
//! use pintle_core::Host;
//! use pintle_sandbox::Sandbox;
//!
//! let sandbox = Sandbox::new("./thumbnailer")
//!     .read("/usr/share/fonts")
//!     .write("/var/cache/thumbnails")
//!     .no_network()
//!     .memory_limit_bytes(512 << 20)
//!     .open_files_limit(256)
//!     .no_core_dumps();
//! let session = Host::new(handshake).runner(sandbox).launch(transport).await?;
//! # drop(session);
//! # Ok(())
//! # }
//! ```
//!
//! # What is in force
//! | what | by | from Linux | where it is missing |
//! |---|---|---|---|
//! | files that were not granted cannot be read, written, truncated, made, removed or run | Landlock | 6.2 | no launch |
//! | processes outside get no signals, abstract sockets outside no connections | Landlock | 6.12 | goes without |
//! | device files that were not granted take no `ioctl` | Landlock | 6.10 | goes without |
//! | sockets that are files and were not granted take no connections | Landlock | 7.1 | goes without |
//! | processes outside cannot be traced, their memory and environment not be read | Landlock | 6.2 | no launch |
//! | no set-user-id program or file capability gives it rights, and it has no capabilities, under a host of root either | `no_new_privs`, `capset` | | no launch |
//! | files the host has open and did not mean to pass on stay with the host | `close_range` | 5.11 | no launch |
//! | no network at all, if asked for | user and network namespace | | no launch |
//! | limits, if asked for | resource limits | | no launch |
//!
//! [`Sandbox::best_effort`] turns "no launch" into a warning, where the system is at fault.
//!
//! # Limits
//! A sandbox is as strong as the kernel under it: every system call can still be made. Before Linux
//! 7.1 a plugin can connect to whatever socket file its user can: a session bus or a container
//! daemon that listens on one is a way out. It shares its user with the host: it can change the
//! resource limits and priorities of that user's other processes, the host's included. File names
//! and sizes can be seen everywhere (`stat` is not restricted), and what may be read can in effect be
//! run. A plugin without network cannot serve over TCP. The program has to be found by the host: by
//! path, or in the plugin's `PATH`.
//!
//! On other systems than Linux the crate compiles, and to start a plugin is an error.

mod error;
mod grant;
mod limits;
mod sandbox;

#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "what happens between fork and exec is unsafe by its nature"
)]
mod confine;
#[cfg(target_os = "linux")]
mod confined;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod ruleset;
#[cfg(target_os = "linux")]
mod start;
#[cfg(not(target_os = "linux"))]
mod start {
    //! There is nothing to start a plugin with.

    use pintle_core::{StartError, StartPlan, Started};

    use crate::{Sandbox, SandboxError};

    #[allow(clippy::unused_async, reason = "the same signature everywhere")]
    pub(crate) async fn start(_: &Sandbox, _: StartPlan) -> Result<Started, StartError> {
        Err(StartError::Runner(SandboxError::NotLinux.into()))
    }
}

pub use error::{SandboxError, Step};
pub use grant::{EXECUTE_BY_DEFAULT, READ_BY_DEFAULT, WRITE_BY_DEFAULT};
pub use sandbox::Sandbox;
