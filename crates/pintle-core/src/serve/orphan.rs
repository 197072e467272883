//! A plugin whose host is gone ends, and what it started with it.

use std::io;
use std::thread;
use std::time::Duration;

use crate::handshake::env::Lifeline;
use crate::shutdown::Shutdown;

/// How long a plugin may take to end in good order once its host is gone, unless it says otherwise.
pub const DEFAULT_ORPHAN_TIMEOUT: Duration = Duration::from_secs(2);

/// What our host said of its end: `told` is for us only if who said it is our parent.
pub(super) fn lifeline(told: Option<(Lifeline, u32)>) -> Option<Lifeline> {
    told.filter(|told| is_parent(told.1)).map(|told| told.0)
}

/// Watches for the host's end, on a thread of its own for as long as the process lives.
///
/// A host that said nothing of it, as one written in Go, has started us itself, or by a program
/// that lives as long as it wants us to. `at_end` comes before anything else.
pub(super) fn watch(
    lifeline: Option<Lifeline>,
    shutdown: Shutdown,
    timeout: Duration,
    at_end: fn(),
) -> io::Result<()> {
    let wait_for_end: Box<dyn FnOnce() + Send> = match lifeline {
        Some(Lifeline::None) => return Ok(()),
        Some(Lifeline::Stdin) => Box::new(stdin::take()?),
        #[cfg(unix)]
        None => Box::new(parent::take()),
        // Elsewhere a process is not told of its parent.
        #[cfg(not(unix))]
        None => return Ok(()),
    };
    thread::Builder::new()
        .name("pintle-orphan".to_owned())
        .spawn(move || {
            wait_for_end();
            at_end();
            end(&shutdown, timeout);
        })?;
    #[cfg(target_os = "linux")]
    if lifeline.is_some() {
        soften_death_signal();
    }
    Ok(())
}

/// Whether it was to us that the process with this number said something: who starts us may itself
/// be a plugin, and have passed on its whole environment.
#[cfg(unix)]
pub(super) fn is_parent(host: u32) -> bool {
    let parent = rustix::process::getppid();
    parent.is_some_and(|parent| parent.as_raw_nonzero().get().unsigned_abs() == host)
}

/// Elsewhere a process is not told of its parent.
#[cfg(not(unix))]
fn is_parent(_: u32) -> bool {
    true
}

/// In good order while there is time, by force then: a plugin that hangs must not stay.
fn end(shutdown: &Shutdown, timeout: Duration) {
    shutdown.trigger();
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpgrp, getpid, kill_process, kill_process_group};
        let own = getpid();
        // Under a host that gave us no group of our own, the others in it are strangers.
        let leads = getpgrp() == own;
        if leads {
            // To us it says what we know already, and to what we started that it is to end.
            let _ = kill_process_group(own, Signal::TERM);
        }
        thread::sleep(timeout);
        if leads {
            let _ = kill_process_group(own, Signal::KILL);
        }
        let _ = kill_process(own, Signal::KILL);
    }
    #[cfg(not(unix))]
    {
        thread::sleep(timeout);
        std::process::exit(1);
    }
}

/// Lets us end in good order, now that we see to our end ourselves, where the host had asked the
/// kernel to kill us at once.
///
/// The wish belongs to the first thread, and only that can change it; from another it stays.
#[cfg(target_os = "linux")]
fn soften_death_signal() {
    use rustix::process::{Signal, getpid, set_parent_process_death_signal};
    if rustix::thread::gettid() == getpid() {
        let _ = set_parent_process_death_signal(Some(Signal::TERM));
    }
}

/// The host holds the other end of our stdin, and never writes to it.
mod stdin {
    use std::io::{self, Read};

    /// Takes stdin away from the program: it, and what it starts, find an empty one in its place.
    pub(super) fn take() -> io::Result<impl FnOnce() + Send> {
        let mut lifeline = ours()?;
        Ok(move || {
            let mut nothing = [0; 64];
            loop {
                match lifeline.read(&mut nothing) {
                    Ok(1..) => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(0) | Err(_) => return,
                }
            }
        })
    }

    #[cfg(unix)]
    fn ours() -> io::Result<std::fs::File> {
        let lifeline = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?;
        let empty = std::fs::File::open("/dev/null")?;
        rustix::stdio::dup2_stdin(empty)?;
        Ok(lifeline.into())
    }

    #[cfg(not(unix))]
    fn ours() -> io::Result<io::Stdin> {
        Ok(io::stdin())
    }
}

/// The process that started us.
#[cfg(unix)]
mod parent {
    use std::thread;
    use std::time::Duration;

    use rustix::process::getppid;

    /// How often the parent is looked for, where the system does not tell of its end.
    const LOOK_EVERY: Duration = Duration::from_millis(500);

    pub(super) fn take() -> impl FnOnce() + Send {
        let parent = getppid();
        move || {
            // One outside our namespace has no number, and we go when our namespace goes.
            let Some(parent) = parent else {
                loop {
                    thread::park();
                }
            };
            #[cfg(target_os = "linux")]
            told(parent);
            // An orphan gets another parent, whichever that is.
            while getppid() == Some(parent) {
                thread::sleep(LOOK_EVERY);
            }
        }
    }

    /// Returns when the parent has ended, or when the kernel cannot tell.
    #[cfg(target_os = "linux")]
    fn told(parent: rustix::process::Pid) {
        use rustix::event::{PollFd, PollFlags, poll};
        use rustix::io::Errno;
        use rustix::process::{PidfdFlags, pidfd_open};

        let Ok(process) = pidfd_open(parent, PidfdFlags::empty()) else {
            return;
        };
        // Only of a parent that still is one do we know that the number has not become another's.
        if getppid() != Some(parent) {
            return;
        }
        let mut process = [PollFd::new(&process, PollFlags::IN)];
        while let Err(Errno::INTR) = poll(&mut process, None) {}
    }
}
