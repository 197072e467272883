//! `cargo xtask bench`: which transport, how fast, beside go-plugin and beside the limit.
//!
//! It knows nothing of what it measures but the lines of `benches/README.md`: a contender is a
//! program that is told to do something, and does it with a plugin of its own. All of them are
//! measured side by side in one run, since figures of two machines or of two days do not compare.

mod answer;
mod build;
mod calibrate;
mod cases;
mod clock;
mod contenders;
mod cores;
mod goals;
mod host;
mod machine;
mod memory;
mod options;
mod orphans;
mod others;
mod plan;
mod plot;
mod process;
mod progress;
mod report;
mod results;
mod rounds;
mod starts;
mod stats;
mod units;
mod verdict;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use build::Programs;
use cases::{BULK, COUNTED, STARTS};
pub(crate) use options::Options;
use others::Ticks;
use plan::Plan;
use progress::Progress;
use report::Report;
use results::Results;

use crate::Outcome;
use crate::metadata::Metadata;

/// Builds the contenders, measures them, and writes and prints the report.
pub(crate) fn run(root: &Path, words: &[&str]) -> Outcome {
    let options = match Options::parse(words) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("bench: {why}");
            return Ok(ExitCode::from(2));
        }
    };
    if options.go && !build::has_go() {
        eprintln!("bench: there is no Go on this machine; --go needs it to build go-plugin's part");
        return Ok(ExitCode::from(2));
    }
    let target = Metadata::load(root)?.target;
    let mut facts = machine::facts(root, options.go);
    let programs = Programs::build(root, &target, options.go)?;
    let plan = if options.quick {
        &Plan::QUICK
    } else {
        &Plan::FULL
    };

    let (started, before) = (Instant::now(), Ticks::now());
    let results = measure(plan, &options, &programs)?;
    let seconds = started.elapsed().as_secs();
    let rounds = [COUNTED, BULK, STARTS].map(|cases| results.rounds(cases));
    let [calls, streams, launches] = rounds;
    facts.push((
        "rounds",
        format!("{calls} of calls, {streams} of streams, {launches} of launches"),
    ));
    if let Some(why) = results.all_unpinned() {
        facts.push(("not pinned", why));
    }
    if let Some((now, before)) = Ticks::now().zip(before) {
        facts.push(("others used meanwhile", now.others_since(before)));
    }

    let report = Report {
        command: options.command(),
        facts,
        results: &results,
    };
    let out = options.out.clone().unwrap_or_else(|| target.join("bench"));
    report.write(&out)?;
    if options.docs {
        report::write_docs(&report, root)?;
    }
    print!("{}", fs::read_to_string(out.join("report.md"))?);
    println!(
        "\nbench: measured in {seconds} s; the report and its plots are in {}",
        out.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn measure(plan: &Plan, options: &Options, programs: &Programs) -> Result<Results, String> {
    let mut results = Results::of(options.contenders());
    let progress = Progress::new(rounds::steps(plan, options) + starts::steps(plan, options));
    rounds::run(plan, options, programs, &progress, &mut results)?;
    starts::run(plan, options, programs, &progress, &mut results)?;
    progress.end();
    Ok(results)
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use results::{Figure, Memory};

    #[test]
    fn a_run_measures_launches_and_reports_what_its_contenders_say() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let programs = Programs::in_folder(&here.join("src/bench/fixtures"));
        let words = [
            "--go",
            "--only",
            "tarpc",
            "--only",
            "go-netrpc",
            "--only",
            "raw",
        ];
        let options = Options::parse(&words).unwrap();
        let results = measure(&Plan::TINY, &options, &programs).unwrap();

        let call = Figure::Wall(cases::unary(1 << 20, 1));
        assert_eq!(results.median("tarpc", call), Some(50e6));
        let one_core = Figure::Wall(cases::Case::OneCore);
        assert_eq!(results.median("tarpc", one_core), Some(50e6));
        let cold = Figure::Wall(cases::Case::Cold);
        // Two rounds, and once with many plugins.
        assert_eq!(results.get("tarpc", cold).unwrap().values().count(), 3);
        let absent = results.absent("tarpc", cases::Case::Dial);
        assert_eq!(absent, Some("there is no broker"));
        let plugin = Figure::Memory(Memory::PluginRss(10));
        assert!(results.median("tarpc", plugin).unwrap() > 0.0);

        let folder = Scratch::new("bench").unwrap();
        let report = Report {
            command: options.command(),
            facts: vec![("cores", "2".to_owned())],
            results: &results,
        };
        report.write(folder.path()).unwrap();
        let text = fs::read_to_string(folder.path().join("report.md")).unwrap();
        for expected in [
            "cargo xtask bench --go --only tarpc --only go-netrpc --only raw",
            "- cores: 2",
            "not measured",
            "1 in flight, both processes on one core\n\nWhere it ran: ",
            "![Latency by payload (lower is better)](latency.svg)",
            "- `tarpc` has no way to do this: there is no broker",
        ] {
            assert!(text.contains(expected), "{expected}:\n{text}");
        }
        for plot in ["latency", "throughput", "bytes", "launch", "memory"] {
            let svg = fs::read_to_string(folder.path().join(format!("{plot}.svg"))).unwrap();
            assert!(
                svg.contains("tarpc") && !svg.contains("NaN") && !svg.contains("inf"),
                "{svg}"
            );
        }
    }
}
