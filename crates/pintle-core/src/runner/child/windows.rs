//! A child in a job object: whatever is in it ends when the last handle to it is closed, which is
//! ours, and which the system closes when this process is gone.
//!
//! Compiled, and reviewed, and not run by our tests.

use std::io;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::process::ChildStdin;
use win32job::{ExtendedLimitInfo, Job};

use super::{Bond, Spawned};
use crate::runner::{BoxFuture, Exit, Process, Stay};
use crate::trust::Image;

pub(in crate::runner) async fn spawn(
    command: Command,
    bond: Bond,
    image: Option<Image>,
    stay: Option<Stay>,
) -> io::Result<Spawned> {
    let command = match &image {
        Some(image) => super::replaced(&command, image),
        None => command,
    };
    let job = match bond {
        Bond::Usual | Bond::Stdin => Some(job()?),
        Bond::Detached => None,
    };
    let mut child = tokio::process::Command::from(command)
        .stdin(match bond {
            Bond::Usual => Stdio::piped(),
            Bond::Stdin => Stdio::inherit(),
            Bond::Detached => Stdio::null(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Until it is in the job nothing else would end it.
        .kill_on_drop(job.is_some())
        .spawn()?;
    // What it starts before this is not in the job: the system offers no safe way to have it wait.
    if let (Some(job), Some(handle)) = (&job, child.raw_handle()) {
        job.assign_process(handle as isize)?;
    }
    let stdout = child.stdout.take().expect("stdout was asked to be piped");
    let stderr = child.stderr.take().expect("stderr was asked to be piped");
    let lifeline = child.stdin.take();
    Ok(Spawned {
        child: Child {
            child,
            job,
            _lifeline: lifeline,
            remains: image.and_then(Image::into_remains),
            _stay: stay,
        },
        stdout,
        stderr,
    })
}

/// A job whose processes end with it.
fn job() -> io::Result<Job> {
    let mut limits = ExtendedLimitInfo::new();
    limits.limit_kill_on_job_close();
    Ok(Job::create_with_limit_info(&limits)?)
}

/// A child that runs, or has run. Dropping it ends it with its job, unless it is detached.
pub(in crate::runner) struct Child {
    child: tokio::process::Child,
    /// `None` for one that may outlive us, and once the job has been ended.
    job: Option<Job>,
    /// Never written to: its end tells the child of ours.
    _lifeline: Option<ChildStdin>,
    /// The program, if it was made for this child.
    remains: Option<TempDir>,
    /// Where it makes its sockets.
    _stay: Option<Stay>,
}

impl Process for Child {
    fn id(&self) -> String {
        match self.child.id() {
            Some(pid) => format!("pid {pid}"),
            None => "a process that has ended".to_owned(),
        }
    }

    fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
        Box::pin(async {
            let exit = self.child.wait().await.map(Exit::from);
            // What it started and left behind.
            self.job = None;
            exit
        })
    }

    fn release(&mut self) {
        // It is running, and so open: where it came from can go as far as the system lets it.
        self.remains = None;
    }

    fn kill(&mut self) -> io::Result<()> {
        let killed = match self.child.id() {
            Some(_) => self.child.start_kill(),
            None => Ok(()),
        };
        self.job = None;
        killed
    }
}
