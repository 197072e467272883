//! When a process began, which tells it from a later one that was given its number.

use serde::{Deserialize, Serialize};

/// The beginning of a process on Linux. Two with the same number never have the same.
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
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self {
            boot: boot.trim().to_owned(),
            ticks: start_time(&stat)?,
        })
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
        let own = Birth::of(std::process::id()).unwrap();
        assert_eq!(Birth::of(std::process::id()), Some(own.clone()));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let other = Birth::of(child.id());
        child.wait().unwrap();
        assert_ne!(other, Some(own));
    }
}
