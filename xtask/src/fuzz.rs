//! `cargo xtask fuzz`: gives every reader of a peer's bytes bytes that nobody thought of.
//!
//! The compiler is told what cargo-fuzz would tell it, so that nothing but a nightly toolchain and
//! a C++ compiler (for libFuzzer) must be there.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, error, fs};

use crate::Outcome;

/// Counts which parts of the code an input reaches, keeps checks that release builds drop, and
/// opens the crates' `fuzzing` modules.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "--cfg=pintle_fuzzing",
];

/// How long one input may be in bytes, and what it may take: seconds, and MiB of the whole process.
///
/// Long inputs are slow and find little that short ones do not; those of the corpus are replayed.
const INPUT_BOUNDS: &[&str] = &["-max_len=4096", "-timeout=10", "-rss_limit_mb=1024"];

/// Runs one fuzz target, or each after the other, for that many seconds.
///
/// Each begins with its corpus in `fuzz/corpus`, which stays as it is; what it finds besides is
/// kept beside the programs, and the next run begins with that, too.
pub(crate) fn run(root: &Path, only: Option<&str>, seconds: &str) -> Outcome {
    let seconds: u32 = seconds
        .parse()
        .map_err(|_| format!("{seconds} is no number of seconds"))?;
    let dir = root.join("fuzz");
    let mut targets = targets(&dir)?;
    if let Some(only) = only {
        if !targets.iter().any(|target| target == only) {
            return Err(format!("{only} is none of {}", targets.join(", ")).into());
        }
        targets.retain(|target| target == only);
    }
    let host = host()?;
    let built = built(root);
    for target in &targets {
        println!("==> {target}, {seconds} s");
        build(&dir, target, &host, &built)?;
        let found = built.join("corpus").join(target);
        fs::create_dir_all(&found)?;
        let run = Command::new(built.join(&host).join("release").join(target))
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/{target}-", dir.display()))
            .arg("-print_final_stats=1")
            .args(INPUT_BOUNDS)
            .arg(found)
            .arg(dir.join("corpus").join(target))
            .status()?;
        if !run.success() {
            let dir = dir.display();
            eprintln!(
                "error: {target} found an input that fails; it is in {dir}. Once it is mended, give \
                 it a name and keep it in {dir}/corpus/{target}"
            );
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of the fuzz targets, in order. Each has a corpus.
fn targets(dir: &Path) -> Result<Vec<String>, Box<dyn error::Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir.join("src/bin"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".rs").map(str::to_owned));
    }
    names.sort();
    for name in &names {
        let corpus = dir.join("corpus").join(name);
        if !corpus.is_dir() {
            return Err(format!("{name} has no corpus in {}", corpus.display()).into());
        }
    }
    Ok(names)
}

/// Where the programs are built, apart from all that is built without these flags.
fn built(root: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root.join(target).join("fuzz")
}

/// The machine's own triple. Named as the target, it keeps the flags from build scripts and macros.
fn host() -> Result<String, Box<dyn error::Error>> {
    let output = Command::new("rustc").args(["+nightly", "-vV"]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .ok_or("there is no nightly toolchain: rustup toolchain install nightly")?
        .to_owned())
}

fn build(dir: &Path, target: &str, host: &str, built: &Path) -> Result<(), Box<dyn error::Error>> {
    let status = Command::new("cargo")
        .args(["+nightly", "build", "--release"])
        .args(["--bin", target, "--target", host, "--target-dir"])
        .arg(built)
        .current_dir(dir)
        .env("RUSTFLAGS", FLAGS.join(" "))
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the fuzz target does not build".into())
    }
}
