//! A host, a directory for its sockets, and a program for it to launch.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pintle::{Host, PluginCommand};

use crate::echo::HANDSHAKE;

/// How long anything that should happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// One test's own directory for sockets, and the program it launches.
#[derive(Debug)]
pub struct World {
    program: PathBuf,
    sockets: tempfile::TempDir,
}

impl World {
    /// A world in which `program` is launched.
    ///
    /// # Panics
    /// When no temporary directory can be made.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            sockets: tempfile::tempdir().expect("a test may make a temporary directory"),
        }
    }

    /// A host whose sockets are in this world.
    pub fn host(&self) -> Host {
        Host::new(HANDSHAKE).socket_dir(self.sockets.path())
    }

    /// The program, to be launched by `host` in one of its modes.
    pub fn rogue(&self, host: &Host, mode: &str) -> PluginCommand {
        host.command(&self.program).args(mode.split_whitespace())
    }

    /// The program's path.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The directory in which each session makes its own for sockets.
    pub fn sockets(&self) -> &Path {
        self.sockets.path()
    }

    /// Every file below the directory for sockets that is no directory itself.
    pub fn socket_files(&self) -> Vec<PathBuf> {
        let sessions = files(self.sockets.path());
        sessions.iter().flat_map(|session| files(session)).collect()
    }

    /// Whether no process lives that a session has started.
    ///
    /// Every one knows the directory of its session, by its environment. Linux only.
    pub fn nobody_is_left(&self) -> bool {
        let dir = self.sockets.path().as_os_str().as_bytes();
        let knows_it = |environment: Vec<u8>| environment.windows(dir.len()).any(|at| at == dir);
        let processes = files(Path::new("/proc")).into_iter();
        let mut environments = processes.filter_map(|one| fs::read(one.join("environ")).ok());
        !environments.any(knows_it)
    }

    /// Whether no session has left anything.
    pub fn is_clean(&self) -> bool {
        files(self.sockets.path()).is_empty()
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    // A directory that has gone has no files.
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// How many file descriptors this process has open.
pub fn descriptors() -> usize {
    files(Path::new("/dev/fd")).len()
}

/// The processes this one has started and not yet waited for, by their numbers. Linux only.
pub fn children() -> BTreeSet<String> {
    let threads = files(Path::new("/proc/self/task")).into_iter();
    // A thread that has gone in between has no children.
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.join("children")).ok());
    let mut children = BTreeSet::new();
    for list in lists {
        children.extend(list.split_whitespace().map(str::to_owned));
    }
    children
}

/// The most memory this process ever had in use, in bytes; 0 where the system does not tell.
pub(crate) fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map_or(0, |kibibytes| kibibytes * 1024)
}

/// How many tasks of the current runtime have not ended.
///
/// # Panics
/// Outside a tokio runtime.
pub fn tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

/// Waits for what comes about without telling anybody.
///
/// # Panics
/// When it does not within 20 seconds.
#[track_caller]
pub fn eventually(what: &'static str, is_so: impl Fn() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let begin = Instant::now();
        while !is_so() {
            assert!(begin.elapsed() < PATIENCE, "{place}: never: {what}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}
