//! `cargo xtask fuzz CRATE`: feeds a crate's fuzz targets with bytes nobody thought of.
//!
//! The compiler is told what cargo-fuzz would tell it, so that nothing but a nightly toolchain and
//! a C++ compiler (for libFuzzer) must be there.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{error, fs};

use crate::Outcome;

/// Counts which parts of the code an input reaches, and keeps checks that release builds drop.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "--cfg=fuzzing",
];

/// Runs every fuzz target of `crates/pintle-NAME` for that many seconds.
pub(crate) fn run(root: &Path, name: &str, seconds: &str) -> Outcome {
    let seconds: u32 = seconds
        .parse()
        .map_err(|_| format!("{seconds} is no number of seconds"))?;
    let dir = root.join(format!("crates/pintle-{name}/fuzz"));
    let targets = targets(&dir)?;
    let host = host()?;
    for target in &targets {
        println!("==> {target}, {seconds} s");
        build(&dir, target, &host)?;
        let corpus = dir.join("corpus").join(target);
        fs::create_dir_all(&corpus)?;
        let program = dir.join("target").join(&host).join("release").join(target);
        let run = Command::new(program)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/", dir.display()))
            .arg(corpus)
            .status()?;
        if !run.success() {
            eprintln!(
                "error: {target} found an input that fails; it is beside {}",
                dir.display()
            );
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of the fuzz targets, in order.
fn targets(dir: &Path) -> Result<Vec<String>, Box<dyn error::Error>> {
    let sources = dir.join("fuzz_targets");
    let entries = fs::read_dir(&sources).map_err(|error| {
        format!(
            "there are no fuzz targets in {}: {error}",
            sources.display()
        )
    })?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".rs").map(str::to_owned));
    }
    names.sort();
    Ok(names)
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

fn build(dir: &Path, target: &str, host: &str) -> Result<(), Box<dyn error::Error>> {
    let built = Command::new("cargo")
        .args([
            "+nightly",
            "build",
            "--release",
            "--bin",
            target,
            "--target",
            host,
        ])
        .arg("--target-dir")
        .arg(dir.join("target"))
        .current_dir(dir)
        .env("RUSTFLAGS", FLAGS.join(" "))
        .status()?;
    if built.success() {
        Ok(())
    } else {
        Err("the fuzz target does not build".into())
    }
}
