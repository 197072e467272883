//! `cargo xtask interop`: our programs against real go-plugin programs, in both directions.
//!
//! `interop/go` and `interop/rust` hold the same programs, written twice. Every host launches
//! every plugin and tells each story; what it prints must be the story's transcript.

mod bounded;
mod matrix;
mod stories;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bounded::{End, Finished};
pub(crate) use matrix::Scope;
use matrix::{Author, Cell, Pairing, Release};
use stories::{STORIES, Story};

use crate::Outcome;
use crate::metadata::Metadata;

/// A story takes a second or two; go-plugin's own start timeout is a minute.
const RUN_LIMIT: Duration = Duration::from_secs(60);

/// Each run is a host, a plugin and their runtimes; more at a time only wait for each other.
const AT_A_TIME: usize = 2;

/// How much of a failed host's stderr is shown.
const STDERR_LINES: usize = 8;

/// Builds the programs, runs every story with every pairing and prints the table.
pub(crate) fn run(root: &Path, scope: Scope) -> Outcome {
    if !has_go() {
        eprintln!("interop: there is no Go on this machine; it is needed to build the peers");
        return Ok(ExitCode::from(2));
    }
    let programs = build(root, scope)?;
    let pairings = matrix::pairings(scope);
    let started = Instant::now();
    let cells = run_all(&pairings, &programs);
    print!("{}", matrix::table(&pairings, &cells));
    println!("{}", matrix::LEGEND);

    let runs = cells.iter().flatten().count();
    let failed = cells.iter().flatten().filter(|cell| cell.is_err()).count();
    println!(
        "interop: {runs} runs, {failed} failed, {} s",
        started.elapsed().as_secs()
    );
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn has_go() -> bool {
    let version = Command::new("go")
        .arg("version")
        .stdout(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

/// Where the built programs lie.
struct Programs {
    go: PathBuf,
    rust: PathBuf,
}

impl Programs {
    fn path(&self, author: Author, name: &str) -> PathBuf {
        let path = match author {
            Author::Go(release) => self.go.join(release.name()).join(name),
            // The examples have programs of the plain names in the same folder.
            Author::Rust => self.rust.join(format!("interop-{name}")),
        };
        path.with_extension(std::env::consts::EXE_EXTENSION)
    }
}

fn build(root: &Path, scope: Scope) -> Result<Programs, Box<dyn Error>> {
    let target = Metadata::load(root)?.target;
    let programs = Programs {
        go: target.join("interop"),
        rust: target.join("debug"),
    };
    for release in Release::ALL {
        let mut go = Command::new("go");
        go.current_dir(root.join("interop/go"))
            .args(["build", "-o"]);
        // The slash at the end makes the folder.
        go.arg(programs.go.join(release.name()).join(""));
        if release == Release::V1_4_10 {
            go.args(["-modfile=go.v1.4.10.mod", "-tags=nomux"]);
        }
        succeed(go.arg("./cmd/..."), "go build")?;
    }
    if scope == Scope::Everything {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(root)
            .args(["build", "--package", "interop"]);
        succeed(&mut cargo, "cargo build")?;
    }
    Ok(programs)
}

fn succeed(command: &mut Command, name: &str) -> Result<(), Box<dyn Error>> {
    let status = command
        .status()
        .map_err(|error| format!("{name} does not start: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{name}: {status}").into())
    }
}

/// One row of cells for each pairing, in the order of the stories.
fn run_all(pairings: &[Pairing], programs: &Programs) -> Vec<Vec<Cell>> {
    let runs: Vec<(Pairing, &Story)> = pairings
        .iter()
        .flat_map(|&pairing| STORIES.iter().map(move |story| (pairing, story)))
        .collect();
    let cells: Vec<OnceLock<Cell>> = runs.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(pairing, story)) = runs.get(index) else {
                return;
            };
            let cell = tell(pairing, story, programs);
            cells[index]
                .set(cell)
                .expect("every index is handed out once");
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(work);
        }
    });
    let cells = cells
        .into_iter()
        .map(|cell| cell.into_inner().expect("every run was made"));
    let cells: Vec<Cell> = cells.collect();
    cells.chunks(STORIES.len()).map(<[Cell]>::to_vec).collect()
}

/// Tells one story.
fn tell(pairing: Pairing, story: &Story, programs: &Programs) -> Cell {
    let name = story.program.name();
    let mut host = Command::new(programs.path(pairing.host, &format!("{name}-host")));
    host.args(pairing.host_args(story))
        .args(["--tls", pairing.tls]);
    if story.multiplexed {
        host.arg("--mux");
    }
    host.arg("--");
    host.arg(programs.path(pairing.plugin, &format!("{name}-plugin")))
        .args(story.plugin);
    match bounded::run(host, RUN_LIMIT) {
        Ok(finished) => judge(pairing.transcript(story), &finished),
        Err(error) => Err(format!("the host does not start: {error}")),
    }
}

/// A story is told when its transcript is exact and the host ended well, with nothing left behind.
fn judge(transcript: &str, finished: &Finished) -> Cell {
    let mut reasons: Vec<String> = Vec::new();
    reasons.extend(stories::difference(transcript, &finished.stdout));
    match finished.end {
        End::Exited(status) if status.success() => {}
        End::Exited(status) => reasons.push(format!("the host ended with {status}")),
        End::LeftProcess(_) => reasons.push("the host left a process behind".to_owned()),
        End::TimedOut => reasons.push(format!("killed after {} s", RUN_LIMIT.as_secs())),
    }
    if reasons.is_empty() {
        return Ok(());
    }
    let stderr: Vec<&str> = finished.stderr.lines().collect();
    let tail = &stderr[stderr.len().saturating_sub(STDERR_LINES)..];
    reasons.extend(tail.iter().map(|line| format!("stderr: {line}")));
    Err(reasons.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use super::*;

    fn finished(stdout: &str, stderr: &str, end: End) -> Finished {
        Finished {
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            end,
        }
    }

    #[test]
    fn an_exact_transcript_is_not_enough_when_the_host_did_not_end() {
        let cell = judge("a\n", &finished("a\n", "waiting\n", End::TimedOut));
        assert_eq!(cell.unwrap_err(), "killed after 60 s\nstderr: waiting");
    }

    #[test]
    fn an_exact_transcript_and_a_good_end_is_a_told_story() {
        let end = End::Exited(ExitStatus::default());
        assert_eq!(judge("a\n", &finished("a\n", "tls: none\n", end)), Ok(()));
    }

    #[test]
    fn a_reason_has_the_first_difference_and_the_end_of_stderr() {
        let stderr: String = (1..=20).map(|number| format!("line {number}\n")).collect();
        let end = End::Exited(ExitStatus::default());
        let reason = judge("a\n", &finished("b\n", &stderr, end)).unwrap_err();
        let lines: Vec<&str> = reason.lines().collect();
        assert_eq!(lines[0], r#"line 1: expected "a\n", found "b\n""#);
        assert_eq!(lines[1], "stderr: line 13");
        assert_eq!(lines.last(), Some(&"stderr: line 20"));
    }
}
