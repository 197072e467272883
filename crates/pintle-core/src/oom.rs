//! Whether the system has killed something for want of memory.

use std::fs;
use std::path::{Path, PathBuf};

/// How often it had, at one moment.
///
/// Of the processes limited together with the plugin where that is counted, of all otherwise: which
/// process it was is told to nobody but the kernel's log.
#[derive(Clone, Debug)]
pub(crate) struct OomKills {
    counter: Option<(PathBuf, u64)>,
}

impl OomKills {
    /// The count now, for a plugin that runs as this process, or as one whose number is not known.
    /// Reads a small file or two that are in memory.
    pub(crate) fn now(pid: Option<u32>) -> Self {
        let process = pid.map_or("self".to_owned(), |pid| pid.to_string());
        let limits = fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
        Self::of(counters(&limits))
    }

    fn of(counters: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut counters = counters.into_iter();
        Self {
            counter: counters.find_map(|path| count(&path).map(|count| (path, count))),
        }
    }

    /// Whether there has been another since.
    pub(crate) fn have_risen(&self) -> bool {
        self.counter
            .as_ref()
            .is_some_and(|(path, before)| count(path) > Some(*before))
    }
}

/// Where the count may be, best first, given what `/proc/PID/cgroup` says.
fn counters(limits: &str) -> Vec<PathBuf> {
    let mut counters: Vec<_> = limits.lines().filter_map(counter).collect();
    counters.push("/proc/vmstat".into());
    counters
}

/// Of a line `NUMBER:CONTROLLERS:PATH`; the second version has no controllers.
fn counter(limit: &str) -> Option<PathBuf> {
    let mut fields = limit.splitn(3, ':').skip(1);
    let (controllers, path) = (fields.next()?, fields.next()?);
    let path = path.trim_start_matches('/');
    if controllers.is_empty() {
        return Some(Path::new("/sys/fs/cgroup").join(path).join("memory.events"));
    }
    let memory = controllers.split(',').any(|one| one == "memory");
    let below = Path::new("/sys/fs/cgroup/memory").join(path);
    memory.then(|| below.join("memory.oom_control"))
}

fn count(path: &Path) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
    count?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_our_own_limits_is_preferred_to_that_of_the_machine() {
        let one = "9:name=systemd:/\n4:cpu,memory:/box/7\n0::/\n";
        let paths = [
            "/sys/fs/cgroup/memory/box/7/memory.oom_control",
            "/sys/fs/cgroup/memory.events",
            "/proc/vmstat",
        ];
        assert_eq!(counters(one), paths.map(PathBuf::from));
        let two = "0::/user.slice/a:b\n";
        let paths = [
            "/sys/fs/cgroup/user.slice/a:b/memory.events",
            "/proc/vmstat",
        ];
        assert_eq!(counters(two), paths.map(PathBuf::from));
    }

    #[test]
    fn only_a_count_that_has_risen_since_tells() {
        let dir = tempfile::tempdir().unwrap();
        let (missing, events) = (dir.path().join("missing"), dir.path().join("memory.events"));
        let write = |kills| fs::write(&events, format!("oom 9\noom_kill {kills}\n")).unwrap();
        write(2);
        let before = OomKills::of([missing, events.clone()]);
        assert!(!before.have_risen());
        write(3);
        assert!(before.have_risen());
        fs::remove_file(&events).unwrap();
        assert!(!before.have_risen() && !OomKills::of([events]).have_risen());
    }
}
