//! What a child does between fork and exec to enter its sandbox: the only `unsafe` of this crate.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getegid, geteuid, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, UnshareFlags, set_capabilities, set_no_new_privs, unshare_unsafe,
};

use crate::Step;
use crate::report::Teller;

/// Everything the child needs, made before the fork: it must not allocate after.
pub(crate) struct Confinement {
    /// `None` leaves it the host's network.
    pub(crate) alone: Option<Owner>,
    pub(crate) limits: Vec<(Resource, Rlimit)>,
    /// `None` leaves it every file.
    pub(crate) rules: Option<OwnedFd>,
    /// Whether it goes on without what the system does not have.
    pub(crate) best_effort: bool,
    pub(crate) teller: Teller,
}

/// Who the host is, as a namespace is told.
pub(crate) struct Owner {
    user: String,
    group: String,
}

impl Owner {
    /// As outside, so inside: the same numbers, and no others.
    pub(crate) fn same() -> Self {
        let (user, group) = (geteuid().as_raw(), getegid().as_raw());
        Self {
            user: format!("{user} {user} 1"),
            group: format!("{group} {group} 1"),
        }
    }
}

impl Confinement {
    /// Lets the process that `command` starts enter the sandbox before it becomes the program.
    pub(crate) fn impose_on(self, command: &mut Command) {
        let enter = move || self.enter();
        // SAFETY: the closure runs in the child of a fork, where only what is async-signal-safe is
        // allowed. It makes system calls on its stack and on memory that was prepared before, and
        // neither allocates nor locks: an `io::Error` made of an error code is that number.
        unsafe {
            command.pre_exec(enter);
        }
    }

    /// In this order: namespaces are entered while `/proc` can still be written, and what takes
    /// rights away comes after what needs them.
    fn enter(&self) -> io::Result<()> {
        if let Some(owner) = &self.alone {
            match leave_network() {
                Ok(()) => self.need(Step::User, owner.claim())?,
                Err(error) if self.best_effort => self.teller.tell(Step::Network, true, error),
                Err(error) => self.need(Step::Network, Err(error))?,
            }
        }
        let limit = |(resource, limit): &(_, Rlimit)| setrlimit(*resource, *limit);
        self.need(Step::Limits, self.limits.iter().try_for_each(limit))?;
        self.want(Step::Descriptors, keep_descriptors())?;
        self.need(Step::NoNewPrivileges, set_no_new_privs(true))?;
        self.need(Step::Capabilities, drop_capabilities())?;
        match &self.rules {
            Some(rules) => self.need(Step::Landlock, restrict(rules)),
            None => Ok(()),
        }
    }

    /// Without which there is no sandbox.
    fn need(&self, step: Step, done: rustix::io::Result<()>) -> io::Result<()> {
        done.map_err(|error| {
            self.teller.tell(step, false, error);
            error.into()
        })
    }

    /// Without which there may be one, if the host says so.
    fn want(&self, step: Step, done: rustix::io::Result<()>) -> io::Result<()> {
        match done {
            Err(error) if self.best_effort => {
                self.teller.tell(step, true, error);
                Ok(())
            }
            done => self.need(step, done),
        }
    }
}

impl Owner {
    /// Says to the namespace that was just made who its one user is.
    fn claim(&self) -> rustix::io::Result<()> {
        // Whoever is not privileged may name a group only after that.
        write(c"/proc/self/setgroups", b"deny")?;
        write(c"/proc/self/uid_map", self.user.as_bytes())?;
        write(c"/proc/self/gid_map", self.group.as_bytes())
    }
}

fn write(path: &CStr, bytes: &[u8]) -> rustix::io::Result<()> {
    let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    // The kernel takes all or nothing.
    rustix::io::write(&file, bytes).map(drop)
}

/// A network of its own, without so much as a loopback interface that is up; to be allowed to, a
/// user namespace of its own.
fn leave_network() -> rustix::io::Result<()> {
    // SAFETY: the file descriptors stay shared with nobody, as they were: a child of a fork has its
    // own, and no other threads.
    unsafe { unshare_unsafe(UnshareFlags::NEWUSER | UnshareFlags::NEWNET) }
}

/// Lets the program have no file the host forgot to close: the standard ones are all it is given.
fn keep_descriptors() -> rustix::io::Result<()> {
    const FIRST: libc::c_uint = 3;
    // SAFETY: nothing is closed, but marked to be closed by exec; no memory is passed.
    done(unsafe {
        libc::syscall(
            libc::SYS_close_range,
            FIRST,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    })
}

/// Also those a process of root has: without new privileges exec does not give them back.
fn drop_capabilities() -> rustix::io::Result<()> {
    let none = CapabilitySet::empty();
    let sets = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    set_capabilities(None, sets)
}

fn restrict(rules: &OwnedFd) -> rustix::io::Result<()> {
    const NO_FLAGS: libc::c_uint = 0;
    // SAFETY: the descriptor is open as long as `rules` is, and no memory is passed.
    done(unsafe {
        libc::syscall(
            libc::SYS_landlock_restrict_self,
            rules.as_raw_fd(),
            NO_FLAGS,
        )
    })
}

/// The answer of a system call that was made by its number.
fn done(answer: libc::c_long) -> rustix::io::Result<()> {
    match answer {
        0 => Ok(()),
        _ => {
            let error = io::Error::last_os_error();
            Err(Errno::from_io_error(&error).unwrap_or(Errno::INVAL))
        }
    }
}
