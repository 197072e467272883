//! A contender's host process, spoken with line by line.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::orphans;

/// Far above what any command takes: a contender that is not done then never will be.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// For a contender that ends as many as a hundred plugins, one after the other.
const END_LIMIT: Duration = Duration::from_secs(20);

/// How often one that is ending is looked at.
const END_STEP: Duration = Duration::from_millis(2);

/// How much of what it says to a person is shown when it fails.
const STDERR_LINES: usize = 8;

/// A running contender. Dropped, it is ended: asked first, then killed.
pub(super) struct Process {
    name: String,
    child: Child,
    /// `None` once it is told to end.
    stdin: Option<ChildStdin>,
    answers: Receiver<String>,
    stderr: LastLines,
    /// Those it has launched.
    plugins: Vec<u32>,
}

impl Process {
    /// Starts `program`, told that it is the contender `name`, in our own process group: what ends
    /// us at the terminal ends it as well.
    pub(super) fn start(program: &Path, name: &str) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.arg(name);
        Self::spawn(command, name)
            .map_err(|error| format!("{} does not start: {error}", program.display()))
    }

    fn spawn(mut command: Command, name: &str) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self {
            name: name.to_owned(),
            stdin: child.stdin.take(),
            answers: lines(child.stdout.take().expect("stdout is piped")),
            stderr: LastLines::of(child.stderr.take().expect("stderr is piped")),
            plugins: Vec::new(),
            child,
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process ids of the plugins it has launched, the first one first.
    pub(super) fn plugins(&self) -> &[u32] {
        &self.plugins
    }

    /// Has it do one thing. `Err` names the contender, what it was told, and why that failed.
    pub(super) fn ask(&mut self, command: &str) -> Result<Answer, String> {
        self.ask_within(command, COMMAND_LIMIT)
    }

    fn ask_within(&mut self, command: &str, limit: Duration) -> Result<Answer, String> {
        let answer = match self.stdin.as_mut() {
            Some(stdin) => writeln!(stdin, "{command}").map_err(|_| "it is gone".to_owned()),
            None => Err("it was told to end".to_owned()),
        };
        let answer = answer.and_then(|()| match self.answers.recv_timeout(limit) {
            Ok(line) => Answer::parse(&line),
            Err(RecvTimeoutError::Disconnected) => Err("it ended without an answer".to_owned()),
            Err(RecvTimeoutError::Timeout) => {
                // It would not hear that it is to end, either.
                let _ = self.child.kill();
                Err(format!("killed after {} s", limit.as_secs_f32()))
            }
        });
        if let Ok(Answer::Done { pid: Some(pid), .. }) = answer {
            self.plugins.push(pid);
        }
        answer.map_err(|why| {
            let stderr = self.stderr.text();
            format!("{}, told `{command}`: {why}{stderr}", self.name)
        })
    }

    /// Has it end, with its plugins. `Err` is how it did not do so well.
    pub(super) fn end(mut self) -> Result<(), String> {
        let status = self
            .close()
            .map_err(|why| format!("{}: {why}", self.name))?;
        if status.success() {
            return Ok(());
        }
        let stderr = self.stderr.text();
        Err(format!("{} ended with {status}{stderr}", self.name))
    }

    /// Closes its stdin, which tells it to end its plugins and itself, and kills what is still there
    /// when that takes too long. A second call only tells how it ended.
    fn close(&mut self) -> Result<ExitStatus, String> {
        drop(self.stdin.take());
        let ended = self.ended_within(END_LIMIT);
        if !matches!(&ended, Ok(Some(status)) if status.success()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
            orphans::kill(&self.plugins);
        }
        ended
            .map_err(|error| error.to_string())?
            .ok_or_else(|| format!("killed {} s after it was to end", END_LIMIT.as_secs()))
    }

    fn ended_within(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            thread::sleep(END_STEP);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What is dropped without `end` has failed already; there is nobody left to tell.
        let _ = self.close();
    }
}

/// The lines of a pipe, read by a thread that ends with it: a read has no deadline, a channel has.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The end of what a pipe has carried so far.
struct LastLines(Arc<Mutex<VecDeque<String>>>);

impl LastLines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let lines = Arc::clone(&kept);
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            while let Ok(1..) = reader.read_until(b'\n', &mut line) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push_back(text);
                if lines.len() > STDERR_LINES {
                    lines.pop_front();
                }
                line.clear();
            }
        });
        Self(kept)
    }

    /// To be put after a reason: nothing, or a line for each.
    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines
            .iter()
            .map(|line| format!("\nstderr: {line}"))
            .collect()
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    /// A contender in a line of shell.
    fn contender(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::spawn(command, "shell").unwrap()
    }

    #[test]
    fn a_contender_is_told_things_and_answers_until_it_is_told_to_end() {
        let script = r#"while read word rest; do echo '{"ns":'$rest'}'; done"#;
        let mut process = contender(script);
        for ns in [1, 22] {
            let answer = process.ask(&format!("up {ns}"));
            assert_eq!(answer, Ok(Answer::Done { ns, pid: None }));
        }
        assert_eq!(process.end(), Ok(()));
    }

    #[test]
    fn one_that_ends_instead_of_answering_is_quoted() {
        let mut process =
            contender("read word; echo out of cheese >&2; exec >&-; sleep 0.2; exit 3");
        // Both pipes are read by threads, and nothing says which of them is the first.
        let error = process.ask("dial 1").unwrap_err();
        assert!(
            error.starts_with("shell, told `dial 1`: it ended without"),
            "{error}"
        );
        let error = process.end().unwrap_err();
        assert!(
            error.starts_with("shell ended with exit status: 3"),
            "{error}"
        );
        assert!(error.ends_with("\nstderr: out of cheese"), "{error}");
    }

    #[test]
    fn what_a_contender_says_has_failed_is_passed_on() {
        let mut process = contender(r#"read word; echo '{"error":"no socket"}'"#);
        assert_eq!(
            process.ask("up 1").unwrap_err(),
            "shell, told `up 1`: no socket"
        );
    }

    #[test]
    fn one_that_does_not_answer_is_killed() {
        let mut process = contender("exec sleep 600");
        let limit = Duration::from_millis(100);
        let error = process.ask_within("up 1", limit).unwrap_err();
        assert_eq!(error, "shell, told `up 1`: killed after 0.1 s");
        assert!(!process.close().unwrap().success());
    }

    #[test]
    fn the_last_lines_of_many_are_kept() {
        let mut process = contender("seq 1 1000 >&2; exec 2>&-; echo '{\"ns\":1}'; cat");
        process.ask("up 1").unwrap();
        let text = loop {
            let text = process.stderr.text();
            if text.ends_with("1000") {
                break text;
            }
            thread::yield_now();
        };
        assert!(text.starts_with("\nstderr: 993\n"), "{text}");
    }
}
