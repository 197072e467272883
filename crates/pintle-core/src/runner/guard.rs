//! Sees to it that what a plugin started is gone, too, when the host was killed.
//!
//! Linux kills the child of a dead parent, and not the child's children; other systems not even
//! that. So a host with plugins has one small process beside it, a shell, that hears the host's end
//! and ends their process groups. It lives as long as a plugin does. One that ends before, or does
//! not listen, is replaced by another that is told of all that live. Where there is no `/bin/sh` the
//! host goes without.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

#[cfg(target_os = "linux")]
use super::exec;

const SCRIPT: &str = include_str!("guard.sh");

/// One that ends sooner is not replaced before that, unless it is needed: it may be that none can live.
const SHORT_LIFE: Duration = Duration::from_secs(1);

/// The thread that waits for a guard does little else.
const STACK_BYTES: usize = 128 * 1024;

static POST: Mutex<Post> = Mutex::new(Post {
    guard: None,
    groups: Vec::new(),
    places: 0,
});

/// The guard of this process, and what it is to know.
struct Post {
    guard: Option<Guard>,
    /// The groups that live.
    groups: Vec<Pid>,
    /// How many have a use for it.
    places: usize,
}

/// A place under the guard of this process, for one group: it is there for as long as somebody has
/// one. The last is to be dropped where waiting a moment does no harm.
pub(super) struct Place {
    /// To the guard there was when the place was given.
    orders: Option<Arc<Orders>>,
    group: Option<Pid>,
}

/// A place for a group that is about to be.
///
/// Where the kernel ends an orphan by itself, a guard that is not there yet comes only once the group
/// is, so that no launch waits for it: in between, the group is one process that has only just become
/// its program.
pub(super) fn place() -> Place {
    let mut post = post();
    post.places += 1;
    match cfg!(target_os = "linux") {
        true => post.call(),
        false => post.ensure(),
    }
    Place {
        orders: post.guard.as_ref().map(|guard| Arc::clone(&guard.orders)),
        group: None,
    }
}

impl Place {
    /// The way to the guard, for the child that will lead the group.
    #[cfg(target_os = "linux")]
    pub(super) fn orders(&self) -> Option<Arc<Orders>> {
        self.orders.clone()
    }

    /// Has `group` ended when this process is gone; on Linux it has said so itself.
    pub(super) fn taken_by(&mut self, group: Pid) {
        let mut post = post();
        self.group = Some(group);
        post.groups.push(group);
        if let Some(guard) = &post.guard
            && !self.is_told(guard)
        {
            guard.orders.watch(group);
        }
        post.ensure();
    }

    fn is_told(&self, guard: &Guard) -> bool {
        let orders = self.orders.as_ref();
        cfg!(target_os = "linux") && orders.is_some_and(|orders| Arc::ptr_eq(orders, &guard.orders))
    }

    /// To be called while the group's number cannot be another's.
    pub(super) fn forget(&mut self) {
        let Some(group) = self.group.take() else {
            return;
        };
        let mut post = post();
        post.groups.retain(|other| *other != group);
        if let Some(guard) = &post.guard {
            guard.orders.forget(group);
        }
        post.relieve();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.forget();
        let mut post = post();
        post.places -= 1;
        if post.places > 0 {
            // A child that never became its program may have found no hearing.
            return post.relieve();
        }
        let guard = post.guard.take();
        drop(post);
        drop(guard);
    }
}

fn post() -> MutexGuard<'static, Post> {
    POST.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Post {
    /// Ends a guard that does not listen, whatever it knows, and has another take over.
    fn relieve(&mut self) {
        if self.guard.as_ref().is_none_or(Guard::listens) {
            return;
        }
        tracing::warn!("the guard beside this host does not listen any more, and is replaced");
        // Before there is another: what it has not heard, it must not act on.
        self.guard = None;
        if !self.groups.is_empty() {
            self.ensure();
        }
    }

    /// Has a guard that is there, or can be told what it will hear when it comes.
    fn call(&mut self) {
        self.relieve();
        if self.guard.is_none() {
            self.guard = said(Guard::called());
        }
    }

    /// Has a guard that is there, if one can be had.
    fn ensure(&mut self) {
        self.call();
        if let Some(guard) = &mut self.guard
            && said(guard.come(&self.groups)).is_none()
        {
            self.guard = None;
        }
    }
}

fn said<T>(outcome: io::Result<T>) -> Option<T> {
    if let Err(error) = &outcome {
        tracing::debug!(%error, "no guard: what plugins start may outlive a killed host");
    }
    outcome.ok()
}

struct Guard {
    presence: Presence,
    orders: Arc<Orders>,
}

enum Presence {
    /// It will read its orders from here.
    Called(OwnedFd),
    There(Child),
}

impl Guard {
    fn called() -> io::Result<Self> {
        let (orders, stdin) = UnixStream::pair()?;
        Ok(Self {
            presence: Presence::Called(stdin.into()),
            orders: Arc::new(Orders { way: orders }),
        })
    }

    /// Starts its process, if that is not there. It learns of `groups`, and of what it was told.
    fn come(&mut self, groups: &[Pid]) -> io::Result<()> {
        let Presence::Called(stdin) = &self.presence else {
            return Ok(());
        };
        let shell = start_shell(stdin.try_clone()?, groups)?;
        have_end_noticed(&shell, &self.orders);
        self.presence = Presence::There(shell);
        Ok(())
    }

    fn listens(&self) -> bool {
        self.orders.are_heard()
    }
}

fn start_shell(stdin: OwnedFd, groups: &[Pid]) -> io::Result<Child> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", SCRIPT, "pintle-guard"])
        .args(groups.iter().map(Pid::to_string))
        .env_clear()
        .env("PATH", path)
        .current_dir("/")
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // What a terminal sends to the host is not meant for it.
        .process_group(0);
    #[cfg(target_os = "linux")]
    exec::give_standard_descriptors_only(&mut command);
    command.spawn()
}

/// Without it, the end shows when the guard is needed next.
fn have_end_noticed(shell: &Child, orders: &Arc<Orders>) {
    let Some(shell) = i32::try_from(shell.id()).ok().and_then(Pid::from_raw) else {
        return;
    };
    let orders = Arc::downgrade(orders);
    let _ = thread::Builder::new()
        .name("pintle-guard".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || notice_end(shell, &orders));
}

fn notice_end(shell: Pid, orders: &Weak<Orders>) {
    let begin = Instant::now();
    // Without taking note of it: that is done by who owns the child.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(shell), options), Err(Errno::INTR)) {}
    // One that is not there any more was ended by ourselves.
    let is_there = |post: &Post| {
        let orders_now = post.guard.as_ref().map(|guard| Arc::as_ptr(&guard.orders));
        orders_now == Some(orders.as_ptr())
    };
    if is_there(&post()) {
        thread::sleep(SHORT_LIFE.saturating_sub(begin.elapsed()));
    }
    let mut post = post();
    if is_there(&post) {
        post.relieve();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Presence::There(shell) = &mut self.presence {
            // It is to end no group: by force, for it may have been stopped.
            let _ = shell.kill();
            let _ = shell.wait();
        }
    }
}

/// The way to a guard.
///
/// Nothing here allocates or locks: a child tells of itself between fork and exec.
pub(super) struct Orders {
    /// A socket, for a pipe's reader that was killed would kill its writer with SIGPIPE.
    way: UnixStream,
}

impl Orders {
    /// Has `group` ended when this process is gone.
    pub(super) fn watch(&self, group: Pid) {
        self.say("watch", group);
    }

    /// To be called while the group's number cannot be another's.
    pub(super) fn forget(&self, group: Pid) {
        self.say("forget", group);
    }

    /// What the guard has no room to hear makes it useless: it is marked as one that is not heard
    /// any more, for a child cannot do more, and whoever looks at it next replaces it.
    fn say(&self, word: &str, group: Pid) {
        let mut line = [0; 32];
        let mut rest = &mut line[..];
        if writeln!(rest, "{word} {}", group.as_raw_nonzero()).is_err() {
            return;
        }
        let unused = rest.len();
        let line = &line[..line.len() - unused];
        if rustix::net::send(&self.way, line, without_signal()) != Ok(line.len()) {
            // The other direction, in which nothing is said. Ours would tell it of the host's end.
            let _ = rustix::net::shutdown(&self.way, Shutdown::Read);
        }
    }

    /// Whether the guard lives, and has heard all that was said.
    fn are_heard(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let end = rustix::net::recv(&self.way, &mut [0; 1], flags);
        // It says nothing: there is nothing to read as long as it is there.
        matches!(end, Err(Errno::AGAIN | Errno::INTR))
    }
}

fn without_signal() -> SendFlags {
    // Apple's sockets have an option for it instead, which the standard library sets.
    #[cfg(target_vendor = "apple")]
    return SendFlags::DONTWAIT;
    #[cfg(not(target_vendor = "apple"))]
    return SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
}
