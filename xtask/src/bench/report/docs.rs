//! The figures in the documentation, from the run that is kept beside it.

use std::error::Error;
use std::fs;
use std::path::Path;

use super::Report;
use super::case_table::{or_dash, place};
use super::table::table;
use crate::bench::cases::{Case, unary};
use crate::bench::results::{Figure, Memory, Results};
use crate::bench::units::digits;

/// The page with the table.
const PAGE: &str = "docs/choosing-a-transport.md";

/// Where the run itself is kept.
const FOLDER: &str = "docs/bench";

/// The table stands between these two lines.
const BEGIN: &str = "<!-- begin: written by `cargo xtask bench --go --docs` -->";
const END: &str = "<!-- end -->";

/// Writes the run, and its main figures into the page.
pub(in crate::bench) fn write(report: &Report<'_>, root: &Path) -> Result<(), Box<dyn Error>> {
    report.write(&root.join(FOLDER))?;
    let page = root.join(PAGE);
    let text = fs::read_to_string(&page).map_err(|error| format!("{PAGE}: {error}"))?;
    let text = replaced(&text, &tables(report))
        .ok_or_else(|| format!("{PAGE}: the lines `{BEGIN}` and `{END}` are missing"))?;
    fs::write(&page, text).map_err(|error| format!("{PAGE}: {error}"))?;
    Ok(())
}

/// The page with another text between its two lines.
fn replaced(page: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))
}

/// The columns: what they are called, and the contender without and with TLS.
const COLUMNS: &[(&str, &str, &str)] = &[
    ("gRPC", "grpc", "grpc-tls"),
    ("gRPC, multiplexed", "grpc-mux", "grpc-mux-tls"),
    ("tarpc", "tarpc", "tarpc-tls"),
    ("go-plugin, gRPC", "go-grpc", "go-grpc-tls"),
    ("go-plugin, net/rpc", "go-netrpc", "go-netrpc-tls"),
];

/// A row: what it is called, its figure, and how it is said.
type Row = (&'static str, Figure, fn(f64) -> f64);

const ROWS: &[Row] = &[
    ("call of 32 B, µs", Figure::Wall(unary(32, 1)), micros),
    ("the same, CPU µs", Figure::Cpu(unary(32, 1)), micros),
    (
        "both processes on one core, µs",
        Figure::Wall(Case::OneCore),
        micros,
    ),
    (
        "64 calls of 32 B in flight, µs each",
        Figure::Wall(unary(32, 64)),
        micros,
    ),
    ("call of 1 MiB, µs", Figure::Wall(unary(1 << 20, 1)), micros),
    (
        "stream to the plugin, GB/s",
        Figure::Wall(Case::Up),
        per_second,
    ),
    (
        "stream to the host, GB/s",
        Figure::Wall(Case::Down),
        per_second,
    ),
    (
        "launch to first reply, ms",
        Figure::Wall(Case::Cold),
        millis,
    ),
    (
        "idle plugin, MiB",
        Figure::Memory(Memory::PluginRss(1)),
        mebibytes,
    ),
];

fn micros(ns: f64) -> f64 {
    ns / 1e3
}

fn millis(ns: f64) -> f64 {
    ns / 1e6
}

/// A nanosecond for each byte is a second for 10⁹ of them.
fn per_second(ns: f64) -> f64 {
    1.0 / ns
}

fn mebibytes(kib: f64) -> f64 {
    kib / 1024.0
}

fn tables(report: &Report<'_>) -> String {
    let plain: Vec<_> = COLUMNS
        .iter()
        .map(|&(name, plain, _)| (name, plain))
        .collect();
    let secure: Vec<_> = COLUMNS.iter().map(|&(name, _, tls)| (name, tls)).collect();
    let facts = report.facts.iter();
    let facts: Vec<String> = facts.map(|(name, fact)| format!("{name} {fact}")).collect();
    let place = place(report.results, unary(32, 1)).unwrap_or_default();
    format!(
        "With AutoMTLS, which is the default:\n\n{}\nWithout TLS:\n\n{}\n\
         Where the call of 32 B ran that is alone in flight: {place}.\n\n\
         Medians of one run of `{}`: {}. [Every table and plot](bench/report.md) of that run.\n",
        main_table(report.results, &secure),
        main_table(report.results, &plain),
        report.command,
        facts.join(", "),
    )
}

fn main_table(results: &Results, columns: &[(&str, &'static str)]) -> String {
    let mut heading = vec![""];
    heading.extend(columns.iter().map(|(title, _)| *title));
    let rows = ROWS.iter().map(|&(title, figure, say)| {
        let cells = columns
            .iter()
            .map(|&(_, name)| or_dash(results.median(name, figure), |value| digits(say(value))));
        std::iter::once(title.to_owned()).chain(cells).collect()
    });
    table(&heading, &rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::contenders::CONTENDERS;

    #[test]
    fn only_what_stands_between_the_two_lines_is_replaced() {
        let page = format!("# Title\n\n{BEGIN}\nold\n{END}\n\nmore\n");
        let expected = format!("# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nmore\n");
        assert_eq!(replaced(&page, "new\n"), Some(expected));
        assert_eq!(replaced("# Title\n", "new\n"), None);
    }

    #[test]
    fn the_page_has_the_two_lines() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let page = fs::read_to_string(root.join(PAGE)).unwrap();
        assert!(replaced(&page, "").is_some());
    }

    #[test]
    fn every_column_is_a_contender_with_or_without_tls() {
        for (_, plain, tls) in COLUMNS {
            for (name, secure) in [(plain, false), (tls, true)] {
                let mut all = CONTENDERS.iter();
                assert!(all.any(|contender| contender.name == *name && contender.tls == secure));
            }
        }
    }
}
