//! The host's terminal, lent to a plugin that reads from it.
//!
//! A terminal belongs to one process group at a time, its foreground group: who else reads from it is
//! stopped, and Ctrl-C goes to that group alone. A plugin leads a group of its own, so that it can be
//! ended with all that it started; to read, that group has to be the foreground group meanwhile.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Pid, getpgrp};
use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr, tcsetpgrp};

use super::StartError;

/// Whether a plugin of this process has the terminal. There is one terminal for the whole process.
static LENT: AtomicBool = AtomicBool::new(false);

/// What a child may have of the terminal, known to all who may have to end that. A clone is the same
/// loan.
#[derive(Clone)]
pub(super) struct Loan(Arc<Mutex<Option<Terminal>>>);

impl Loan {
    pub(super) fn of(terminal: Option<Terminal>) -> Self {
        Self(Arc::new(Mutex::new(terminal)))
    }

    /// Gives the terminal back to the host, whoever comes first. It is the host's when this returns.
    pub(super) fn end(&self) {
        let mut terminal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // With the lock held: who comes second waits for it.
        *terminal = None;
    }
}

/// The terminal, for as long as a plugin has it. Dropping this gives it back to the host.
pub(super) struct Terminal {
    /// The host may have replaced its stdin when it is to be given back.
    terminal: OwnedFd,
    /// How it was set when it was lent. A plugin that dies in raw mode does not set it back.
    settings: Option<Termios>,
    host: Pid,
    plugin: Option<Pid>,
    _only: Only,
}

impl Terminal {
    /// Reserves the terminal for a plugin that is about to start; `None` when stdin is none.
    ///
    /// # Errors
    /// A [`StartError`] inside, when the terminal is not the host's to lend.
    pub(super) fn reserve() -> io::Result<Option<Self>> {
        // One that does not control our session can be read by anybody, as a pipe can.
        if tcgetpgrp(stdin()).is_err() {
            return Ok(None);
        }
        let only = Only::new().ok_or_else(|| io::Error::other(StartError::TerminalLent))?;
        let host = getpgrp();
        if tcgetpgrp(stdin()) != Ok(host) {
            return Err(io::Error::other(StartError::NotInForeground));
        }
        Ok(Some(Self {
            terminal: fcntl_dupfd_cloexec(stdin(), 3)?,
            settings: tcgetattr(stdin()).ok(),
            host,
            plugin: None,
            _only: only,
        }))
    }

    /// The host's process group, to which the terminal goes back.
    #[cfg(target_os = "linux")]
    pub(super) fn host(&self) -> Pid {
        self.host
    }

    /// Takes note of the group that has it now.
    pub(super) fn lent_to(&mut self, plugin: Pid) {
        self.plugin = Some(plugin);
    }

    /// Lends it from here, where a child cannot take it itself before it begins.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn lend(&mut self, plugin: Pid) {
        use rustix::process::{Signal, kill_process_group};
        self.lent_to(plugin);
        if let Err(error) = hand_over(&self.terminal, plugin) {
            tracing::debug!(%error, "the plugin has to do without the terminal");
        }
        // It may have read too soon, and been stopped for it.
        let _ = kill_process_group(plugin, Signal::CONT);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // From the plugin alone: what a shell has taken in the meantime is the shell's.
        let holder = tcgetpgrp(&self.terminal).ok();
        if self.plugin.is_none() || self.plugin != holder {
            return;
        }
        if let Err(error) = hand_over(&self.terminal, self.host) {
            tracing::debug!(%error, "the terminal could not be taken back from a plugin");
        } else if let Some(settings) = &self.settings
            && let Err(error) = tcsetattr(&self.terminal, OptionalActions::Now, settings)
        {
            tracing::debug!(%error, "the terminal's settings could not be put back");
        }
    }
}

/// Makes `group` the one that has the terminal, whoever has it now. Neither allocates nor locks: a
/// child may call it between fork and exec.
///
/// A process that is not in the foreground itself is stopped for this by SIGTTOU, unless it has
/// blocked the signal: so it is blocked, for this thread and this moment.
#[allow(
    unsafe_code,
    reason = "there is no other way to block a signal, and no dependency of ours wraps it"
)]
pub(super) fn hand_over(terminal: impl AsFd, group: Pid) -> io::Result<()> {
    let mut ttou = MaybeUninit::uninit();
    let mut before = MaybeUninit::uninit();
    // SAFETY: both sets are memory of this frame, of the type that is asked for. The first is
    // initialised by `sigemptyset` before it is used, the second is only written to.
    let blocked = unsafe {
        libc::sigemptyset(ttou.as_mut_ptr());
        libc::sigaddset(ttou.as_mut_ptr(), libc::SIGTTOU);
        libc::pthread_sigmask(libc::SIG_BLOCK, ttou.as_ptr(), before.as_mut_ptr())
    };
    if blocked != 0 {
        return Err(io::Error::from_raw_os_error(blocked));
    }
    let handed = tcsetpgrp(terminal, group);
    // SAFETY: the call above has succeeded and written the set; a null pointer asks for nothing back.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut());
    }
    Ok(handed?)
}

/// The right to lend the terminal, which one plugin has at a time.
struct Only;

impl Only {
    fn new() -> Option<Self> {
        (!LENT.swap(true, Ordering::SeqCst)).then_some(Self)
    }
}

impl Drop for Only {
    fn drop(&mut self) {
        LENT.store(false, Ordering::SeqCst);
    }
}
