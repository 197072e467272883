//! A host in a process of its own, to be killed.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::world::eventually;

/// Says to a test that it is run to be a host.
const VARIABLE: &str = "PINTLE_TESTKIT_DOOMED";

/// What a line begins with that names processes.
const BEGIN: &str = "doomed: ";

/// The running test once more, as a process that is a host and is killed.
///
/// A test that uses it has two parts: what the host does, up to
/// [`await_death`](Self::await_death), if [`is_me`](Self::is_me), and what becomes of its plugin
/// otherwise.
#[derive(Debug)]
pub struct Doomed {
    process: Child,
    family: Vec<Pid>,
    temp: tempfile::TempDir,
    /// What it prints when it ends in good order finds a reader.
    _stdout: BufReader<ChildStdout>,
}

impl Doomed {
    /// Whether this process is the host.
    pub fn is_me() -> bool {
        std::env::var_os(VARIABLE).is_some()
    }

    /// Host side: tells which processes must be gone when this one is, and waits for that.
    pub async fn await_death(family: impl IntoIterator<Item = u32>) {
        let family: Vec<_> = family.into_iter().map(|pid| pid.to_string()).collect();
        // The harness may have begun a line.
        println!("\n{BEGIN}{}", family.join(" "));
        // Not for ever: a test that crashed leaves nobody behind.
        tokio::time::sleep(Duration::from_secs(120)).await;
    }

    /// Starts the test called `name`, as the harness calls it, as a host, and waits until it is to die.
    ///
    /// # Panics
    /// When it ends before.
    pub fn start(name: &str) -> Self {
        let temp = tempfile::tempdir().expect("a test may make a temporary directory");
        let program = std::env::current_exe().expect("the test is a program");
        let mut process = Command::new(program)
            .args([name, "--exact", "--nocapture", "--test-threads=1"])
            .env(VARIABLE, "1")
            // What it leaves behind goes with this one's directory.
            .env("TMPDIR", temp.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test can be started");
        let stdout = process.stdout.take().expect("it was asked to be piped");
        let mut stdout = BufReader::new(stdout);
        let mut lines = stdout.by_ref().lines().map_while(Result::ok);
        let family = lines.find_map(|line| line.strip_prefix(BEGIN).map(pids));
        let family = family.unwrap_or_else(|| panic!("{name} did not become a host"));
        assert!(!family.is_empty() && family.iter().all(|pid| !has_ended(*pid)));
        Self {
            process,
            family,
            temp,
            _stdout: stdout,
        }
    }

    /// Kills the host; it gets no chance to do anything about it.
    ///
    /// # Panics
    /// When it has ended by itself.
    pub fn kill(&mut self) {
        self.process.kill().expect("the host runs");
        self.process.wait().expect("the host is our child");
    }

    /// The host's directory for temporary files.
    pub fn temp(&self) -> &Path {
        self.temp.path()
    }

    /// Sends the host a signal, which it may follow.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        kill_process(pid(self.process.id()), signal).expect("the host runs");
    }

    /// Waits until the host has ended, and tells how.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn ends(&mut self) -> ExitStatus {
        let host = pid(self.process.id());
        eventually("the host ends", || has_ended(host)).await;
        self.process.wait().expect("the host is our child")
    }

    /// The processes that must be gone when the host is.
    pub fn family(&self) -> &[Pid] {
        &self.family
    }

    /// Waits until they are.
    ///
    /// # Panics
    /// When they are not in time.
    pub async fn family_is_gone(&self) {
        let gone = || self.family.iter().all(|pid| has_ended(*pid));
        eventually("plugin and child are gone", gone).await;
    }

    /// Waits until no process is left that the host or its plugins have started.
    ///
    /// # Panics
    /// When one is still there in time.
    pub async fn nobody_is_left(&self) {
        let mark = format!("TMPDIR={}", self.temp.path().display());
        let nobody = || !processes().any(|pid| !has_ended(pid) && has_in_environment(pid, &mark));
        eventually("no process is left", nobody).await;
    }

    /// The process that watches over what the host has started.
    ///
    /// # Panics
    /// When there is none.
    pub fn guard(&self) -> Pid {
        guard_of(self.process.id()).expect("the host has a guard")
    }

    /// The sockets that the host and its plugin have left, if any.
    pub fn sockets(&self) -> Vec<PathBuf> {
        let mut sockets = Vec::new();
        find_sockets(self.temp.path(), &mut sockets);
        sockets
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        // Whatever the test found, it leaves nobody behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
        for pid in &self.family {
            if !has_ended(*pid) {
                let _ = kill_process(*pid, Signal::KILL);
            }
        }
    }
}

/// The process that watches over what the process `host` has started, if there is one that lives.
pub fn guard_of(host: u32) -> Option<Pid> {
    processes().find(|pid| {
        let read = |file| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let stat = String::from_utf8_lossy(&read("stat")).into_owned();
        // The state and the parent stand behind the name, which is in parentheses.
        let parent = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.split(' ').nth(1));
        let cmdline = read("cmdline");
        let mut words = cmdline.split(|byte| *byte == 0);
        parent == Some(&*host.to_string()) && words.any(|word| word == b"pintle-guard")
    })
}

/// Whether a process has ended, though its parent may not have taken note of it yet.
pub fn has_ended(pid: Pid) -> bool {
    if test_kill_process(pid) == Err(Errno::SRCH) {
        return true;
    }
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat
            .rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with(['Z', 'X'])),
        // Without the directory one that nobody has taken note of counts as one that lives.
        Err(_) => cfg!(target_os = "linux"),
    }
}

/// Every process there is.
fn processes() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").expect("Linux has it").flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(Pid::from_raw)
}

fn has_in_environment(pid: Pid, variable: &str) -> bool {
    let variables = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let mut variables = variables.split(|byte| *byte == 0);
    variables.any(|one| one == variable.as_bytes())
}

fn pids(line: &str) -> Vec<Pid> {
    let numbers = line.split_whitespace().map(|word| word.parse());
    numbers
        .map(|number| pid(number.expect("the host names processes")))
        .collect()
}

fn pid(number: u32) -> Pid {
    let number = i32::try_from(number).ok().and_then(Pid::from_raw);
    number.expect("a process has a number")
}

fn find_sockets(dir: &Path, found: &mut Vec<PathBuf>) {
    use std::os::unix::fs::FileTypeExt;
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => find_sockets(&entry.path(), found),
            Ok(kind) if kind.is_socket() => found.push(entry.path()),
            _ => {}
        }
    }
}
