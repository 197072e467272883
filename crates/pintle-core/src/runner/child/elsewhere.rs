//! A child where there are no process groups: what it starts itself is not ended with it.

use std::io;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::process::ChildStdin;

use super::{Bond, Spawned};
use crate::runner::{BoxFuture, Exit, Process};
use crate::trust::Image;

pub(in crate::runner) async fn spawn(
    command: Command,
    bond: Bond,
    image: Option<Image>,
) -> io::Result<Spawned> {
    let command = match &image {
        Some(image) => super::replaced(&command, image),
        None => command,
    };
    let mut child = tokio::process::Command::from(command)
        .stdin(match bond {
            Bond::Usual => Stdio::piped(),
            Bond::Terminal => Stdio::inherit(),
            Bond::Detached => Stdio::null(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().expect("stdout was asked to be piped");
    let stderr = child.stderr.take().expect("stderr was asked to be piped");
    let lifeline = child.stdin.take();
    Ok(Spawned {
        child: Child {
            child,
            released: false,
            _lifeline: lifeline,
            remains: image.and_then(Image::into_remains),
        },
        stdout,
        stderr,
    })
}

/// A child that runs, or has run.
pub(in crate::runner) struct Child {
    child: tokio::process::Child,
    released: bool,
    /// Never written to: its end tells the child of ours.
    _lifeline: Option<ChildStdin>,
    /// The program, if it was made for this child.
    remains: Option<TempDir>,
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
        Box::pin(async { self.child.wait().await.map(Exit::from) })
    }

    fn release(&mut self) {
        self.released = true;
        // It is running, and so open: where it came from can go as far as the system lets it.
        self.remains = None;
    }

    fn kill(&mut self) -> io::Result<()> {
        match self.child.id() {
            Some(_) => self.child.start_kill(),
            None => Ok(()),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.released {
            let _ = self.kill();
        }
    }
}
