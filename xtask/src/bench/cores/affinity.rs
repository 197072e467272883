//! What the system knows of cores and of who may run on them.

#[cfg(target_os = "linux")]
pub(super) use linux::{allowed, set};
#[cfg(not(target_os = "linux"))]
pub(super) use none::{allowed, set};

/// The cores that share their hardware with this one, itself included, as far as the system tells.
pub(super) fn siblings(core: usize) -> Vec<usize> {
    let path = format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    numbers(&text).unwrap_or_default()
}

/// A list as the kernel writes it: `0-2,8`.
fn numbers(list: &str) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for part in list.trim_end().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        numbers.extend(first..=last);
    }
    Some(numbers)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeSet;
    use std::fs;

    use nix::errno::Errno;
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    /// The cores that a thread may run on: that of a process is its first, and 0 the one that asks.
    pub(in super::super) fn allowed(thread: u32) -> Result<Vec<usize>, String> {
        let set =
            sched_getaffinity(id(thread)?).map_err(|error| said("sched_getaffinity", error))?;
        let cores = 0..CpuSet::count();
        Ok(cores.filter(|core| set.is_set(*core) == Ok(true)).collect())
    }

    /// Keeps every thread of a process on `cores`. Those that it starts later inherit that.
    pub(in super::super) fn set(pid: u32, cores: &[usize]) -> Result<(), String> {
        let mut set = CpuSet::new();
        for core in cores {
            set.set(*core)
                .map_err(|error| said("a set of cores", error))?;
        }
        let mut done = BTreeSet::new();
        // A thread may have started another before it was its own turn: look until none is new.
        loop {
            let new: Vec<u32> = threads(pid)?
                .into_iter()
                .filter(|thread| done.insert(*thread))
                .collect();
            if new.is_empty() {
                return Ok(());
            }
            for thread in new {
                match sched_setaffinity(id(thread)?, &set) {
                    // One that has ended meanwhile needs no core.
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => return Err(said("sched_setaffinity", error)),
                }
            }
        }
    }

    pub(super) fn threads(pid: u32) -> Result<Vec<u32>, String> {
        let path = format!("/proc/{pid}/task");
        let folder = fs::read_dir(&path).map_err(|error| format!("{path}: {error}"))?;
        let names = folder.map_while(Result::ok).map(|entry| entry.file_name());
        Ok(names
            .filter_map(|name| name.to_str()?.parse().ok())
            .collect())
    }

    fn id(number: u32) -> Result<Pid, String> {
        let number = i32::try_from(number).map_err(|_| format!("{number} is no process id"))?;
        Ok(Pid::from_raw(number))
    }

    fn said(what: &str, error: Errno) -> String {
        format!("{what}: {}", error.desc())
    }
}

#[cfg(not(target_os = "linux"))]
mod none {
    const WHY: &str = "we know no way to do it on this system";

    pub(in super::super) fn allowed(_: u32) -> Result<Vec<usize>, String> {
        Err(WHY.to_owned())
    }

    pub(in super::super) fn set(_: u32, _: &[usize]) -> Result<(), String> {
        Err(WHY.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_lists_have_numbers_and_ranges() {
        assert_eq!(numbers("3\n"), Some(vec![3]));
        assert_eq!(numbers("0,64\n"), Some(vec![0, 64]));
        assert_eq!(numbers("0-2,8-9\n"), Some(vec![0, 1, 2, 8, 9]));
        assert_eq!(numbers(""), None);
        assert_eq!(numbers("0-\n"), None);
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests_of_threads {
    use super::*;
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};
    use std::thread;

    /// What the process of the test below says once all its threads are there.
    const READY: &str = "two threads are there";

    #[test]
    fn every_thread_of_a_process_is_kept_not_only_its_first() {
        let name = format!(
            "{}::two_threads",
            module_path!().split_once("::").unwrap().1
        );
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([&name, "--exact", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains(READY)));

        let core = allowed(process.id()).unwrap()[0];
        set(process.id(), &[core]).unwrap();
        let threads = linux::threads(process.id()).unwrap();
        assert!(threads.len() >= 2, "{threads:?}");
        for thread in threads {
            assert_eq!(allowed(thread), Ok(vec![core]));
        }
        drop(process.stdin.take());
        assert!(process.wait().unwrap().success());
    }

    #[test]
    #[ignore = "a process of its own for the test above: idle until its stdin is closed"]
    fn two_threads() {
        let second = thread::spawn(|| {
            println!("{READY}");
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        });
        second.join().unwrap();
    }
}
