//! Running the program of `benches/benches/instructions` under valgrind.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::baseline::{Counts, first_line, said_by};

/// The bench target, and the function whose instructions are counted, with all that it calls. What
/// comes before is not: making keys, above all, takes another number each time.
const BENCH: &str = "instructions";
const COUNTED: &str = "*counted_calls*";

/// Of so many counts of one case the middle one is taken. An odd number, so that there is one.
const RUNS: usize = 3;

/// valgrind's version, if it is on this machine.
pub(super) fn valgrind() -> Option<String> {
    let version = said_by(Command::new("valgrind").arg("--version")).ok()?;
    Some(first_line(&version))
}

/// The program, built.
pub(super) struct Program(PathBuf);

impl Program {
    /// Builds it as a user's programs are built.
    pub(super) fn build(root: &Path) -> Result<Self, Box<dyn Error>> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(root)
            .args(["build", "--release", "--package", "benches"])
            .args(["--bench", BENCH])
            .arg("--message-format=json-render-diagnostics")
            .stderr(Stdio::inherit());
        let messages = said_by(&mut cargo)?;
        let path = messages.lines().find_map(executable);
        Ok(Self(path.ok_or("cargo does not say what it has built")?))
    }

    /// Instructions of one call, of each case.
    pub(super) fn count(&self) -> Result<Counts, Box<dyn Error>> {
        let list = said_by(Command::new(&self.0).arg("--cases"))?;
        let mut list = list.lines();
        let calls: u64 = list.next().unwrap_or_default().parse()?;
        let mut counts = Counts::new();
        for case in list {
            eprintln!("counting {case}");
            counts.insert(case.to_owned(), self.count_case(case)? / calls);
        }
        Ok(counts)
    }

    fn count_case(&self, case: &str) -> Result<u64, Box<dyn Error>> {
        // Beside each other: who else runs does not matter to what is counted.
        let runs: Vec<_> = (0..RUNS)
            .map(|_| self.under_valgrind(case).spawn())
            .collect::<Result<_, _>>()?;
        let mut counts = Vec::with_capacity(RUNS);
        for run in runs {
            let output = run.wait_with_output()?;
            let stderr = String::from_utf8_lossy(&output.stderr);
            let count = collected(&stderr).filter(|_| output.status.success());
            counts.push(count.ok_or_else(|| format!("{case}, {}:\n{stderr}", output.status))?);
        }
        counts.sort_unstable();
        Ok(counts[RUNS / 2])
    }

    fn under_valgrind(&self, case: &str) -> Command {
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--tool=callgrind", "--collect-atstart=no"])
            .arg(format!("--toggle-collect={COUNTED}"))
            .arg("--callgrind-out-file=/dev/null")
            .arg(&self.0)
            .args(["--case", case])
            // The length of a socket's path moves the heap, and with it what `malloc` has to do.
            .env("TMPDIR", "/tmp")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        valgrind
    }
}

/// Where the bench target lies, if this message of cargo's tells.
fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = &message["target"];
    let ours = target["name"] == BENCH && target["kind"][0] == "bench";
    Some(message["executable"].as_str().filter(|_| ours)?.into())
}

/// The count in callgrind's last words. None was counted if the function was not found.
fn collected(stderr: &str) -> Option<u64> {
    let mut counts = stderr
        .lines()
        .filter_map(|line| line.split_once("Collected :"));
    let (_, count) = counts.next_back()?;
    count.trim().parse().ok().filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_what_callgrind_says_last() {
        let stderr = "==7== Callgrind, a profiler\n==7== Events    : Ir\n==7== Collected : 39042093\n\
                      ==7== \n==7== I   refs:      39,042,093\n";
        assert_eq!(collected(stderr), Some(39_042_093));
    }

    #[test]
    fn a_function_that_was_not_found_is_no_call_without_instructions() {
        assert_eq!(collected("==7== Collected : 0\n"), None);
    }

    #[test]
    fn the_program_is_the_bench_target_and_nothing_else() {
        let message = |name: &str, kind: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"{name}","kind":["{kind}"]}},
                "executable":"/t/x"}}"#
            )
        };
        assert_eq!(
            executable(&message("instructions", "bench")),
            Some("/t/x".into())
        );
        assert_eq!(executable(&message("instructions", "lib")), None);
        assert_eq!(executable(&message("mux", "bench")), None);
        assert_eq!(executable("no JSON"), None);
    }
}
