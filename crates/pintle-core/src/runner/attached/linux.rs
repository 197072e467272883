//! The kernel's handle to a process: it never comes to mean another one.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, getpgid, kill_process_group, pidfd_open, pidfd_send_signal,
};
use tokio::sync::watch;

use super::NotThere;
use crate::runner::Birth;

/// The thread that waits for a process does nothing else.
const STACK_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Watched {
    pid: Pid,
    /// Becomes readable when the process ends.
    process: Arc<OwnedFd>,
    /// Whether it is known to be the process that was meant, and may be signalled.
    ours: bool,
    /// Closed when the process has ended.
    ended: watch::Receiver<()>,
    /// Never written to: its end tells the thread that nobody wants to know any more.
    _wanted: PipeWriter,
}

impl Watched {
    pub(super) fn open(pid: u32, birth: Option<&Birth>, ours: bool) -> Result<Self, NotThere> {
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let number = raw.ok_or(NotThere::Gone)?;
        let process = pidfd_open(number, PidfdFlags::empty()).map_err(not_opened)?;
        // After the handle was taken: what is true of the number now is true of the handle.
        if let Some(birth) = birth
            && Birth::of(pid).map_err(NotThere::Unwatched)?.as_ref() != Some(birth)
        {
            return Err(NotThere::Another);
        }
        // It keeps its number until its parent takes note of its end, which may be never.
        if has_ended(&process) {
            return Err(NotThere::Gone);
        }
        let process = Arc::new(process);
        let (ended, _wanted) = watch(Arc::clone(&process)).map_err(NotThere::Unwatched)?;
        Ok(Self {
            pid: number,
            process,
            ours: ours && birth.is_some(),
            ended,
            _wanted,
        })
    }

    pub(super) async fn ended(&self) {
        // Nothing is ever sent: the sender is dropped.
        while self.ended.clone().changed().await.is_ok() {}
    }

    /// To the process, and to its group if it leads one. One that has ended is no error.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        if !self.ours {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "it is not known to be the process that was meant, and is not signalled",
            ));
        }
        // A process that has ended and was not waited for keeps its number, and so its group's.
        let leads = !has_ended(&self.process) && getpgid(Some(self.pid)) == Ok(self.pid);
        let asked = leads.then(|| kill_process_group(self.pid, signal));
        match asked {
            Some(Ok(())) if signal != Signal::KILL => Ok(()),
            _ => match pidfd_send_signal(&*self.process, signal) {
                Ok(()) | Err(Errno::SRCH) => Ok(()),
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// What it means that there is no handle. That we cannot have one says nothing of the process.
fn not_opened(error: Errno) -> NotThere {
    match error {
        // The other two, by the age of the kernel: a thread has the number, and no process.
        Errno::SRCH | Errno::INVAL | Errno::NOENT => NotThere::Gone,
        error => NotThere::Unwatched(error.into()),
    }
}

fn has_ended(process: &OwnedFd) -> bool {
    let mut process = [PollFd::new(process, PollFlags::IN)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut process, Some(&now)) != Ok(0)
}

/// Waits for the end of `process` on a thread of its own, until nobody wants to know any more.
///
/// A thread, because tokio can wait for a foreign descriptor only by unsafe code.
fn watch(process: Arc<OwnedFd>) -> io::Result<(watch::Receiver<()>, PipeWriter)> {
    let (told, ended) = watch::channel(());
    let (unwanted, wanted) = io::pipe()?;
    thread::Builder::new()
        .name("pintle-watch".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            // Where the interest has ended, so have those who would hear of it.
            wait(&process, &unwanted);
            drop(told);
        })?;
    Ok((ended, wanted))
}

/// Waits for the end of the process, or of the interest in it.
fn wait(process: &OwnedFd, unwanted: &PipeReader) {
    let mut either = [
        PollFd::new(process, PollFlags::IN),
        PollFd::new(unwanted, PollFlags::IN),
    ];
    while let Err(Errno::INTR) = poll(&mut either, None) {}
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};

    use super::*;
    use crate::runner::attached::Attached;
    use crate::runner::{Exit, Process};

    /// A process that waits for the end of its stdin, in a group of its own.
    fn sleeper() -> Child {
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command.process_group(0).spawn().unwrap()
    }

    #[tokio::test]
    async fn the_number_of_a_thread_is_no_process() {
        let (tell, number) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            tell.send(rustix::thread::gettid()).unwrap();
            let _ = ended.recv();
        });
        let number = number.recv().unwrap().as_raw_nonzero().get().unsigned_abs();
        let refused = Attached::to(Some(number), None, true).unwrap_err();
        assert!(matches!(refused, NotThere::Gone), "{refused:?}");
        drop(end);
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_process_that_is_no_child_is_killed_and_its_end_is_heard() {
        let mut child = sleeper();
        let birth = Birth::of(child.id()).unwrap();
        let mut attached = Attached::to(Some(child.id()), birth.as_ref(), true).unwrap();
        attached.kill().unwrap();
        assert_eq!(attached.wait().await.unwrap(), Exit::Unknown);
        assert_eq!(attached.wait().await.unwrap(), Exit::Unknown);
        child.wait().unwrap();
        attached.kill().unwrap();
    }

    #[tokio::test]
    async fn a_number_that_another_process_has_is_not_attached_to() {
        let mut child = sleeper();
        let birth = Birth::of(std::process::id()).unwrap();
        let refused = Attached::to(Some(child.id()), birth.as_ref(), true).unwrap_err();
        assert!(matches!(refused, NotThere::Another));
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn a_process_that_has_ended_is_not_attached_to_though_its_parent_has_not_noticed() {
        let mut child = sleeper();
        let birth = Birth::of(child.id()).unwrap();
        let mut attached = Attached::to(Some(child.id()), birth.as_ref(), true).unwrap();
        drop(child.stdin.take());
        attached.wait().await.unwrap();
        // A zombie has the number still, and began when it did.
        assert_eq!(Birth::of(child.id()).unwrap(), birth);
        let refused = Attached::to(Some(child.id()), birth.as_ref(), true).unwrap_err();
        assert!(matches!(refused, NotThere::Gone), "{refused:?}");
        child.wait().unwrap();
        let refused = Attached::to(Some(child.id()), birth.as_ref(), true).unwrap_err();
        assert!(matches!(refused, NotThere::Gone | NotThere::Another));
    }

    #[tokio::test]
    async fn a_process_whose_beginning_is_not_known_is_never_signalled() {
        let mut child = sleeper();
        let mut attached = Attached::to(Some(child.id()), None, true).unwrap();
        attached.kill().unwrap_err();
        attached.terminate().unwrap_err();
        assert!(child.try_wait().unwrap().is_none());
        drop(child.stdin.take());
        attached.wait().await.unwrap();
        child.wait().unwrap();
    }
}
