//! A process that was running before, and is no child of ours.

#[cfg(target_os = "linux")]
mod linux;

use std::io;

use super::{Birth, BoxFuture, Exit, Process};

#[cfg(target_os = "linux")]
use linux::Watched;

/// A running process that this one did not start. Dropping it leaves it running.
///
/// It is signalled only where it is known to be the process that was meant: the kernel's own handle
/// to it is held, and was taken while its beginning was the one that is known.
#[derive(Debug)]
pub(crate) struct Attached {
    pid: Option<u32>,
    #[cfg(target_os = "linux")]
    watched: Option<Watched>,
}

/// Why a process cannot be attached to.
#[derive(Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "elsewhere nobody looks")
)]
pub(crate) enum NotThere {
    /// No process has the number.
    Gone,
    /// Another process has been given the number.
    Another,
    /// It could not be looked at, or its end not be waited for.
    Unwatched(io::Error),
}

impl Attached {
    /// The process with that number, if it began then. `ours` says whether it may be signalled: a
    /// process whose beginning is not known may not.
    pub(crate) fn to(
        pid: Option<u32>,
        birth: Option<&Birth>,
        ours: bool,
    ) -> Result<Self, NotThere> {
        #[cfg(target_os = "linux")]
        return Ok(Self {
            pid,
            watched: pid.map(|pid| Watched::open(pid, birth, ours)).transpose()?,
        });
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (birth, ours);
            Ok(Self { pid })
        }
    }
}

/// How often a process is looked for, where the system does not tell of its end.
#[cfg(all(unix, not(target_os = "linux")))]
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(500);

#[cfg(all(unix, not(target_os = "linux")))]
fn number(pid: u32) -> Option<rustix::process::Pid> {
    i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
}

impl Process for Attached {
    fn id(&self) -> String {
        match self.pid {
            Some(pid) => format!("pid {pid}"),
            None => "a process without a number".to_owned(),
        }
    }

    fn pid(&self) -> Option<u32> {
        self.pid
    }

    fn hears_its_end(&self) -> bool {
        #[cfg(target_os = "linux")]
        return self.watched.is_some();
        #[cfg(all(unix, not(target_os = "linux")))]
        return self.pid.and_then(number).is_some();
        #[cfg(not(unix))]
        return false;
    }

    /// Only a parent learns how its child ended.
    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
        Box::pin(async {
            #[cfg(target_os = "linux")]
            if let Some(watched) = &self.watched {
                watched.ended().await;
                return Ok(Exit::Unknown);
            }
            #[cfg(all(unix, not(target_os = "linux")))]
            if let Some(pid) = self.pid.and_then(number) {
                use rustix::process::test_kill_process;
                while test_kill_process(pid) != Err(rustix::io::Errno::SRCH) {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                return Ok(Exit::Unknown);
            }
            // Nobody tells: the end of the connection has to.
            std::future::pending().await
        })
    }

    fn terminate(&mut self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(watched) = &self.watched {
            return watched.signal(rustix::process::Signal::TERM);
        }
        Err(io::ErrorKind::Unsupported.into())
    }

    fn kill(&mut self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(watched) = &self.watched {
            return watched.signal(rustix::process::Signal::KILL);
        }
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "it is not known to be the process that was meant, and is not signalled",
        ))
    }
}
