//! Sees to it that what a plugin started is gone, too, when the host was killed.
//!
//! Linux kills the child of a dead parent, and not the child's children; other systems not even
//! that. So a host with plugins has one small process beside it, a shell, that hears the host's end
//! and ends their process groups. It lives as long as a plugin does. Where there is no `/bin/sh`
//! the host goes without.

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::net::SendFlags;
use rustix::process::Pid;

const SCRIPT: &str = include_str!("guard.sh");

static GUARD: Mutex<Weak<Guard>> = Mutex::new(Weak::new());

/// The process, for as long as somebody has a use for it. The last use is to be given up where
/// waiting a moment does no harm.
pub(super) struct Guard {
    shell: Child,
    /// `None` once it has been closed.
    orders: Option<UnixStream>,
}

/// The guard of this process; it is started if there is none. To be called where starting a process
/// is allowed; see [`spawner`](super::spawner).
pub(super) fn guard() -> Option<Arc<Guard>> {
    let mut known = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(guard) = known.upgrade() {
        return Some(guard);
    }
    let guard = Arc::new(Guard::start()?);
    *known = Arc::downgrade(&guard);
    Some(guard)
}

impl Guard {
    fn start() -> Option<Self> {
        let (orders, stdin) = UnixStream::pair().ok()?;
        let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "pintle-guard"])
            .env_clear()
            .env("PATH", path)
            .current_dir("/")
            .stdin(OwnedFd::from(stdin))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What a terminal sends to the host is not meant for it.
            .process_group(0)
            .spawn();
        match shell {
            Ok(shell) => Some(Self {
                shell,
                orders: Some(orders),
            }),
            Err(error) => {
                tracing::debug!(%error, "no guard: what plugins start may outlive a killed host");
                None
            }
        }
    }

    /// Has `group` ended when this process is gone.
    ///
    /// Neither this nor [`forget`](Self::forget) allocates or locks: a child may call them between
    /// fork and exec. That nobody listens is no error, for nothing could be done about it.
    pub(super) fn watch(&self, group: Pid) {
        self.order("watch", group);
    }

    /// To be called while the group's number cannot be another's.
    pub(super) fn forget(&self, group: Pid) {
        self.order("forget", group);
    }

    fn order(&self, word: &str, group: Pid) {
        let Some(orders) = &self.orders else { return };
        let mut line = [0; 32];
        let mut rest = &mut line[..];
        if writeln!(rest, "{word} {}", group.as_raw_nonzero()).is_err() {
            return;
        }
        let unused = rest.len();
        let line = &line[..line.len() - unused];
        // A socket, for a pipe's reader that was killed would kill its writer with SIGPIPE.
        let _ = rustix::net::send(orders, line, without_signal());
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // It has no group left to end. By force, for it may have been stopped.
        self.orders = None;
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

fn without_signal() -> SendFlags {
    // Apple's sockets have an option for it instead, which the standard library sets.
    #[cfg(target_vendor = "apple")]
    return SendFlags::DONTWAIT;
    #[cfg(not(target_vendor = "apple"))]
    return SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
}
