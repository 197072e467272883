//! The repository's chores. Every one is `cargo xtask <word>`, and continuous integration runs the
//! same words.

mod bench;
mod codegen;
mod fuzz;
mod instructions;
mod interop;
mod metadata;
mod proto;
mod scratch;
mod tidy;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <word>

  bench [--quick] [--go] [--out DIR] [--only WORD] [--docs]
                        measure the transports beside each other, beside go-plugin (--go) and
                        beside plain sockets, and write a report with plots; --only takes the
                        contenders and cases with WORD in their names, --quick less than a
                        minute, and --docs writes the run into docs/ as well
  codegen [--check]     write the Rust of the .proto files; --check only compares
  fuzz [TARGET] [--seconds N]
                        run the fuzz targets, or one of them, 60 seconds each; needs a nightly
                        toolchain
  instructions [--renew]
                        count the instructions of a call and compare with the baseline, or renew
                        that; needs valgrind
  proto [--check]       write the .proto files of the interfaces; --check only compares
  tidy                  check the rules no compiler checks: arrows, README, lints, sizes, words
  interop [--control]   run our programs against real go-plugin programs, both ways;
                        --control runs Go against Go only, to check the expectations
";

/// What a chore comes to: an exit code it chose, or an error that stopped it.
type Outcome = Result<ExitCode, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["bench", words @ ..] => bench::run(&root(), words),
        ["codegen"] => codegen::write(&root()),
        ["codegen", "--check"] => codegen::check(&root()),
        ["fuzz"] => fuzz::run(&root(), None, "60"),
        ["fuzz", "--seconds", seconds] => fuzz::run(&root(), None, seconds),
        ["fuzz", target] => fuzz::run(&root(), Some(target), "60"),
        ["fuzz", target, "--seconds", seconds] => fuzz::run(&root(), Some(target), seconds),
        ["instructions"] => instructions::run(&root(), false),
        ["instructions", "--renew"] => instructions::run(&root(), true),
        ["proto"] => proto::write(&root()),
        ["proto", "--check"] => proto::check(&root()),
        ["tidy"] => tidy::run(&root()),
        ["interop"] => interop::run(&root(), interop::Scope::Everything),
        ["interop", "--control"] => interop::run(&root(), interop::Scope::Control),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// The repository's root, wherever the chore was started from.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("xtask is a folder of the repository")
        .to_path_buf()
}
