//! Runs a program to its end, but no longer than it is given: a pair of programs that wait for each
//! other for ever is one of the things to be found.

use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// Far above what a story prints; what is beyond it is read and dropped.
const KEPT_BYTES: usize = 1 << 20;

/// For what a killed process group still has to say.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A program that was run.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) end: End,
}

/// How a run came to its end.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    /// The program ended, and so did everything that held its output.
    Exited(ExitStatus),
    /// The program ended and left behind a process that holds its output.
    LeftProcess(ExitStatus),
    /// The time was over first.
    TimedOut,
}

/// Runs `command` in a process group of its own, and kills the group when `limit` is over.
///
/// A process that outlives the program with its output in hand has until `limit` as well: nothing
/// else tells a late one from one that stays.
pub(crate) fn run(mut command: Command, limit: Duration) -> io::Result<Finished> {
    own_group(&mut command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let group = child.id();
    let deadline = Instant::now() + limit;

    let (events, inbox) = mpsc::channel();
    watch(
        child.stdout.take().expect("stdout is piped"),
        Event::Stdout,
        events.clone(),
    );
    watch(
        child.stderr.take().expect("stderr is piped"),
        Event::Stderr,
        events.clone(),
    );
    thread::spawn(move || {
        if let Ok(status) = child.wait() {
            let _ = events.send(Event::Exited(status));
        }
    });

    let mut seen = Seen::default();
    seen.until(&inbox, deadline);
    let end = match seen.status {
        Some(status) if seen.open == 0 => End::Exited(status),
        Some(status) => End::LeftProcess(status),
        None => End::TimedOut,
    };
    if !matches!(end, End::Exited(_)) {
        kill_group(group)?;
        seen.until(&inbox, Instant::now() + LAST_WORDS);
    }
    Ok(Finished {
        stdout: seen.stdout.into_text(),
        stderr: seen.stderr.into_text(),
        end,
    })
}

/// What the threads around a child tell the one that waits.
enum Event {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    Closed,
    Exited(ExitStatus),
}

/// Passes on what a pipe carries, then that it closed. The thread ends with the pipe.
fn watch(mut pipe: impl Read + Send + 'static, event: fn(Vec<u8>) -> Event, events: Sender<Event>) {
    thread::spawn(move || {
        let mut chunk = vec![0; 8 << 10];
        while let Ok(length @ 1..) = pipe.read(&mut chunk) {
            let _ = events.send(event(chunk[..length].to_vec()));
        }
        let _ = events.send(Event::Closed);
    });
}

/// What has been heard from a child so far.
struct Seen {
    stdout: Kept,
    stderr: Kept,
    /// How many of its two outputs somebody still holds.
    open: usize,
    status: Option<ExitStatus>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            stdout: Kept::default(),
            stderr: Kept::default(),
            open: 2,
            status: None,
        }
    }
}

impl Seen {
    /// Listens until the child and its outputs have ended, or until the deadline.
    fn until(&mut self, inbox: &Receiver<Event>, deadline: Instant) {
        while self.open > 0 || self.status.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            match inbox.recv_timeout(left) {
                Ok(Event::Stdout(chunk)) => self.stdout.push(&chunk),
                Ok(Event::Stderr(chunk)) => self.stderr.push(&chunk),
                Ok(Event::Closed) => self.open -= 1,
                Ok(Event::Exited(status)) => self.status = Some(status),
                Err(_) => return,
            }
        }
    }
}

/// The first bytes of an output.
#[derive(Default)]
struct Kept(Vec<u8>);

impl Kept {
    fn push(&mut self, chunk: &[u8]) {
        let room = KEPT_BYTES - self.0.len();
        self.0.extend_from_slice(&chunk[..room.min(chunk.len())]);
    }

    fn into_text(self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// Kills the group through the shell's own means: one chore is no reason for a dependency, and the
/// standard library has no call for it. A group without members is no error.
#[cfg(unix)]
fn kill_group(group: u32) -> io::Result<()> {
    let mut kill = Command::new("kill");
    kill.args(["-KILL", "--", &format!("-{group}")])
        .stderr(Stdio::null())
        .status()
        .map(drop)
}

#[cfg(not(unix))]
fn kill_group(group: u32) -> io::Result<()> {
    let mut kill = Command::new("taskkill");
    kill.args(["/F", "/T", "/PID", &group.to_string()])
        .stderr(Stdio::null())
        .status()
        .map(drop)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(300);

    fn shell(script: &str, limit: Duration) -> Finished {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, limit).unwrap()
    }

    #[test]
    fn both_outputs_and_the_status_of_a_program_that_ends_are_kept() {
        let finished = shell("echo out; echo err >&2; exit 3", LONG);
        assert_eq!(
            (finished.stdout.as_str(), finished.stderr.as_str()),
            ("out\n", "err\n")
        );
        assert!(matches!(finished.end, End::Exited(status) if status.code() == Some(3)));
    }

    #[test]
    fn a_program_over_its_time_is_killed_together_with_its_children() {
        // `wait` alone would end with its child: that both outputs close shows that the child of
        // the killed program, which holds them, is gone too.
        let started = Instant::now();
        let finished = shell("echo begun; sleep 600 & wait", SHORT);
        assert_eq!(finished.end, End::TimedOut);
        assert_eq!(finished.stdout, "begun\n");
        assert!(
            started.elapsed() < SHORT + LAST_WORDS,
            "{:?}",
            started.elapsed()
        );
    }

    #[test]
    fn a_process_left_behind_is_noticed() {
        let finished = shell("sleep 600 & echo done", SHORT);
        assert!(matches!(finished.end, End::LeftProcess(status) if status.success()));
        assert_eq!(finished.stdout, "done\n");
    }

    #[test]
    fn a_flood_is_read_to_its_end_and_kept_to_the_bound() {
        let finished = shell("head -c 3000000 /dev/zero; echo over >&2", LONG);
        assert_eq!(finished.stdout.len(), KEPT_BYTES);
        assert_eq!(finished.stderr, "over\n");
    }
}
