//! `cargo xtask instructions`: how many instructions a call takes, and whether that is more than it
//! was.
//!
//! What is counted, and how exactly, is told in `benches/benches/instructions/main.rs`.

mod baseline;
mod count;
mod verdict;

use std::path::Path;
use std::process::ExitCode;

use baseline::{Baseline, Conditions};
use count::Program;
use verdict::Verdict;

use crate::Outcome;

/// Counts every case and compares with the baseline, or makes a new one of what was counted.
pub(crate) fn run(root: &Path, renew: bool) -> Outcome {
    let Some(valgrind) = count::valgrind() else {
        eprintln!(
            "instructions: there is no valgrind on this machine, and it is what counts; the package \
             is called valgrind on every Linux (apt-get install valgrind)"
        );
        return Ok(ExitCode::from(2));
    };
    let now = Baseline {
        conditions: Conditions::here(valgrind)?,
        counts: Program::build(root)?.count()?,
    };
    if renew {
        now.save(root)?;
        print!("{}", verdict::list(&now.counts));
        println!("instructions: this is the baseline now");
        return Ok(ExitCode::SUCCESS);
    }
    let baseline = Baseline::load(root)?;
    if now.conditions.target != baseline.conditions.target {
        eprintln!(
            "instructions: the baseline is of {}, and this is {}; their counts have nothing to do with \
             each other",
            baseline.conditions.target, now.conditions.target
        );
        return Ok(ExitCode::from(2));
    }
    let verdict = Verdict::of(&baseline, &now);
    print!("{verdict}");
    Ok(if verdict.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
