//! When a process began, which tells it from a later one that was given its number.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

/// The beginning of a process on Linux. Two with different numbers can have the same; with the same
/// number they would have to follow each other within a tick, and numbers are not given again that soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Birth {
    /// Which start of the machine, by the name that the kernel gives each.
    boot: String,
    /// How long after that, in the kernel's ticks.
    ticks: u64,
}

impl Birth {
    /// Of the process that has this number now; `None` when there is none, or the system cannot tell.
    ///
    /// Reads two small files that are in memory.
    ///
    /// # Errors
    /// When they are there and cannot be read, for want of a descriptor for one.
    pub(crate) fn of(pid: u32) -> io::Result<Option<Self>> {
        let boot = read("/proc/sys/kernel/random/boot_id")?;
        let stat = read(&format!("/proc/{pid}/stat"))?;
        let (Some(boot), Some(stat)) = (boot, stat) else {
            return Ok(None);
        };
        Ok(start_time(&stat).map(|ticks| Self {
            boot: boot.trim().to_owned(),
            ticks,
        }))
    }

    /// The same, for a token: one without it serves as well, and says less.
    pub(crate) fn told(pid: u32) -> Option<Self> {
        Self::of(pid).unwrap_or_else(|error| {
            tracing::warn!(%error, pid, "when the plugin began cannot be told: nobody who reattaches will signal it");
            None
        })
    }
}

/// What is in a file; `None` if it is not there.
fn read(path: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // The process ended between being found and being asked.
        #[cfg(unix)]
        Err(error) if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::SRCH) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The 22nd field. The second is the program's name in parentheses, and can have anything in it.
fn start_time(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_hides_no_field() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        assert_eq!(start_time(stat), Some(4711));
        assert_eq!(start_time("7 (a) S 1"), None);
    }

    #[test]
    fn a_process_is_told_from_another_and_known_again() {
        let of = |pid| Birth::of(pid).unwrap();
        let own = of(std::process::id()).unwrap();
        assert_eq!(of(std::process::id()), Some(own.clone()));
        // The first of them may have begun within the same tick as this process.
        let another = |_| {
            let mut child = std::process::Command::new("true").spawn().unwrap();
            let other = of(child.id());
            child.wait().unwrap();
            other.is_some_and(|other| other != own)
        };
        assert!((0..10_000).any(another));
        // More than there can be.
        assert_eq!(of(u32::MAX), None);
    }
}
