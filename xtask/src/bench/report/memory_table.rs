//! The table of memory: idle plugins, and what their host keeps for them.

use super::case_table::or_dash;
use super::table::table;
use crate::bench::contenders::Contender;
use crate::bench::results::{Figure, Memory, Results};
use crate::bench::stats::Series;
use crate::bench::units::{digits, times};

/// The columns beside the ratio, which comes after the first.
const COLUMNS: &[(&str, Memory)] = &[
    ("plugin Rss", Memory::PluginRss(1)),
    ("plugin Pss, 10", Memory::PluginPss(10)),
    ("plugin Pss, 100", Memory::PluginPss(100)),
    ("host Rss, 1", Memory::HostRss(1)),
    ("host per plugin, 10", Memory::HostPerPlugin(10)),
    ("host per plugin, 100", Memory::HostPerPlugin(100)),
];

/// `None` where nobody was measured.
pub(super) fn memory_table(results: &Results) -> Option<String> {
    let measured = |memory| {
        let mut all = results.contenders.iter();
        all.any(|contender| {
            results
                .get(contender.name, Figure::Memory(memory))
                .is_some()
        })
    };
    let columns: Vec<_> = COLUMNS
        .iter()
        .filter(|(_, memory)| measured(*memory))
        .collect();
    if columns.is_empty() {
        return None;
    }
    let mut heading = vec!["contender, MiB"];
    heading.extend(columns.iter().map(|(name, _)| *name));
    heading.insert(2, "× go-plugin");
    let rows = results.contenders.iter().filter(|contender| {
        let first = Figure::Memory(columns[0].1);
        results.get(contender.name, first).is_some()
    });
    let rows: Vec<_> = rows
        .map(|contender| {
            let mut row = vec![format!("`{}`", contender.name)];
            row.extend(columns.iter().map(|(_, memory)| {
                let kib = results.median(contender.name, Figure::Memory(*memory));
                or_dash(kib, |kib| digits(kib / 1024.0))
            }));
            row.insert(2, beside_go(results, contender, columns[0].1));
            row
        })
        .collect();
    Some(table(&heading, &rows))
}

fn beside_go(results: &Results, contender: &Contender, memory: Memory) -> String {
    let figure = Figure::Memory(memory);
    let ratio = contender
        .go
        .and_then(|go| results.ratio(contender.name, go, figure));
    or_dash(ratio.as_ref().and_then(Series::spread), |ratio| {
        times(ratio.median)
    })
}
