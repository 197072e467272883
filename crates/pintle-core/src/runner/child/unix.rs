//! A child that a thread waits for: it is signalled only while its number is its own.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use tempfile::TempDir;
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::watch;

use super::{Bond, Spawned};
#[cfg(target_os = "linux")]
use crate::runner::exec;
use crate::runner::guard::{self, Place};
use crate::runner::terminal::{Loan, Terminal};
use crate::runner::{BoxFuture, Exit, Process, Stay, sigchld, spawner};
use crate::trust::Image;

/// The thread that waits for a child does little else.
const STACK_BYTES: usize = 128 * 1024;

/// How often a program is tried that is busy, and how long is waited between.
const BUSY_TRIES: u32 = 100;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Starts `command` from the thread that never ends. Dropping the future leaves no child.
pub(in crate::runner) async fn spawn(
    command: Command,
    bond: Bond,
    image: Option<Image>,
    stay: Option<Stay>,
) -> io::Result<Spawned> {
    sigchld::heed()?;
    let Started {
        child,
        stdout,
        stderr,
    } = spawner::run(move || start(command, bond, image, stay)).await??;
    Ok(Spawned {
        child,
        stdout: ChildStdout::from_std(stdout)?,
        stderr: ChildStderr::from_std(stderr)?,
    })
}

struct Started {
    child: Child,
    stdout: std::process::ChildStdout,
    stderr: std::process::ChildStderr,
}

fn start(
    mut command: Command,
    bond: Bond,
    image: Option<Image>,
    stay: Option<Stay>,
) -> io::Result<Started> {
    #[cfg(not(target_os = "linux"))]
    if let Some(image) = &image {
        command = super::replaced(&command, image);
    }
    command
        .stdin(match bond {
            Bond::Usual => Stdio::piped(),
            Bond::Stdin => Stdio::inherit(),
            Bond::Detached => Stdio::null(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut terminal = match bond {
        Bond::Stdin => Terminal::reserve()?,
        Bond::Usual | Bond::Detached => None,
    };
    // Before the child, which tells the guard of itself.
    let mut place = (bond != Bond::Detached).then(guard::place);
    #[cfg(target_os = "linux")]
    {
        let ties = (bond != Bond::Detached).then(|| exec::Ties {
            guard: place.as_ref().and_then(Place::orders),
            terminal_of: terminal.as_ref().map(Terminal::host),
        });
        let entrance = image.as_ref().map(Image::entrance);
        if ties.is_some() || entrance.is_some() {
            exec::prepare(&mut command, ties, entrance)?;
        }
    }

    // The thread first: without it, a child that runs could not be waited for.
    let (give, take) = mpsc::channel::<Waited>();
    thread::Builder::new()
        .name("pintle-wait".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            if let Ok(waited) = take.recv() {
                waited.wait();
            }
        })?;
    let may_be_busy = image.as_ref().is_some_and(Image::may_be_busy);
    let mut child = spawn_once_free(&mut command, may_be_busy)?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.expect("the number of a child is positive");
    let stdout = child.stdout.take().expect("stdout was asked to be piped");
    let stderr = child.stderr.take().expect("stderr was asked to be piped");
    let lifeline = child.stdin.take();

    if let Some(place) = &mut place {
        place.taken_by(pid);
    }
    if let Some(terminal) = &mut terminal {
        #[cfg(target_os = "linux")]
        terminal.lent_to(pid);
        // Where a child cannot take it itself.
        #[cfg(not(target_os = "linux"))]
        terminal.lend(pid);
    }
    let terminal = Loan::of(terminal);

    let own = Own::new(pid);
    let (told, exit) = watch::channel(None);
    let waited = Waited {
        child,
        own: Arc::clone(&own),
        with_group: bond != Bond::Detached,
        place,
        terminal: terminal.clone(),
        stay,
        told,
    };
    give.send(waited)
        .expect("the thread takes before it does anything else");
    Ok(Started {
        child: Child {
            own,
            exit,
            terminal,
            released: false,
            remains: image.and_then(Image::into_remains),
            _lifeline: lifeline,
        },
        stdout,
        stderr,
    })
}

/// Starts the program, once nobody has it open for writing any more if that `may_be` so.
fn spawn_once_free(command: &mut Command, may_be: bool) -> io::Result<std::process::Child> {
    let mut tries = if may_be { BUSY_TRIES } else { 1 };
    loop {
        tries -= 1;
        match command.spawn() {
            Err(error) if tries > 0 && error.kind() == io::ErrorKind::ExecutableFileBusy => {
                thread::sleep(BUSY_PAUSE);
            }
            spawned => return spawned,
        }
    }
}

/// A child that runs, or has run.
pub(in crate::runner) struct Child {
    own: Arc<Own>,
    exit: watch::Receiver<Option<Exit>>,
    terminal: Loan,
    released: bool,
    /// The program, if it was made for this child.
    remains: Option<TempDir>,
    /// Never written to: its end tells the child of ours.
    _lifeline: Option<ChildStdin>,
}

impl Child {
    /// How it ended, once it has.
    pub(in crate::runner) fn exit(&self) -> watch::Receiver<Option<Exit>> {
        self.exit.clone()
    }
}

impl Process for Child {
    fn id(&self) -> String {
        match self.pid() {
            Some(pid) => format!("pid {pid}"),
            None => "a process that has ended".to_owned(),
        }
    }

    fn pid(&self) -> Option<u32> {
        let running = self.exit.borrow().is_none();
        running.then(|| self.own.pid.as_raw_nonzero().get().unsigned_abs())
    }

    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
        Box::pin(async {
            let exit = self.exit.wait_for(Option::is_some).await;
            Ok(exit.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown))
        })
    }

    fn terminate(&mut self) -> io::Result<()> {
        self.own.signal(Signal::TERM)
    }

    fn release(&mut self) {
        self.released = true;
        // It has been read by now, and nobody would remove it later.
        self.remains = None;
    }

    fn kill(&mut self) -> io::Result<()> {
        self.own.signal(Signal::KILL)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.released {
            // One that cannot be killed now cannot be killed later either.
            let _ = self.kill();
        }
        // Here, too: this process may be gone before the thread comes to it, and a terminal that
        // belongs to a group that has ended is nobody's.
        self.terminal.end();
    }
}

/// A child's number, for as long as it is the child's own: until it has been waited for, no
/// stranger can have been given it, nor its group.
struct Own {
    pid: Pid,
    still: Mutex<bool>,
}

impl Own {
    fn new(pid: Pid) -> Arc<Self> {
        Arc::new(Self {
            pid,
            still: Mutex::new(true),
        })
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.still.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To the child and whatever else is in its group. One that has ended is no error.
    fn signal(&self, signal: Signal) -> io::Result<()> {
        let still = self.lock();
        if !*still {
            return Ok(());
        }
        match kill_process_group(self.pid, signal) {
            // One that asks to end is asked once. One that kills makes sure: a child can leave its group.
            Ok(()) if signal != Signal::KILL => Ok(()),
            _ => match kill_process(self.pid, signal) {
                Ok(()) | Err(Errno::SRCH) => Ok(()),
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// The end of a child, as the thread that waits for it sees it.
struct Waited {
    child: std::process::Child,
    own: Arc<Own>,
    /// Whether what is left of its group ends with it.
    with_group: bool,
    place: Option<Place>,
    terminal: Loan,
    /// Where it makes its sockets.
    stay: Option<Stay>,
    told: watch::Sender<Option<Exit>>,
}

impl Waited {
    fn wait(mut self) {
        // Without taking note of it: the number stays the child's own for what follows.
        let seen = loop {
            match waitid(
                WaitId::Pid(self.own.pid),
                WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
            ) {
                Err(Errno::INTR) => {}
                seen => break seen.is_ok(),
            }
        };
        let mut still = self.own.lock();
        if seen && self.with_group {
            // What the child started and left behind. That there is nothing is the usual case.
            let _ = kill_process_group(self.own.pid, Signal::KILL);
        }
        if !seen {
            tracing::warn!(
                pid = %self.own.pid,
                "another part of this program took note of a plugin's end, or has SIGCHLD ignored: \
                 how it ended is not known, and what it started may be left"
            );
        }
        if let Some(place) = &mut self.place {
            place.forget();
        }
        // Before it is told that the child has ended: who waits for that may read at once.
        self.terminal.end();
        let status = self.child.wait();
        *still = false;
        drop(still);
        self.stay = None;
        self.told
            .send_replace(Some(status.map_or(Exit::Unknown, Exit::from)));
    }
}
