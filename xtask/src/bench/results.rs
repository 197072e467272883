//! What was measured: a series of samples for each contender and figure.

use std::collections::BTreeMap;
use std::fmt;

use super::cases::Case;
use super::contenders::Contender;
use super::host::Took;
use super::stats::{Series, Spread};

/// A quantity. Of each, less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Figure {
    /// Nanoseconds for one call, item, byte or launch.
    Wall(Case),
    /// Nanoseconds of processor time of both processes for the same.
    Cpu(Case),
    /// KiB.
    Memory(Memory),
}

/// Memory with that many plugins running, all of them idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Memory {
    /// A plugin, with the pages that it shares.
    PluginRss(u32),
    /// A plugin, with its share of them.
    PluginPss(u32),
    /// The host, with the pages that it shares.
    HostRss(u32),
    /// How much the host grew for each plugin after the first.
    HostPerPlugin(u32),
}

/// The name in the JSON.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wall(case) => write!(f, "{case} wall"),
            Self::Cpu(case) => write!(f, "{case} cpu"),
            Self::Memory(Memory::PluginRss(count)) => write!(f, "memory-{count} plugin rss"),
            Self::Memory(Memory::PluginPss(count)) => write!(f, "memory-{count} plugin pss"),
            Self::Memory(Memory::HostRss(count)) => write!(f, "memory-{count} host rss"),
            Self::Memory(Memory::HostPerPlugin(count)) => {
                write!(f, "memory-{count} host rss per plugin")
            }
        }
    }
}

/// All that a run has found.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub(super) contenders: Vec<&'static Contender>,
    series: BTreeMap<(&'static str, Figure), Series>,
    absent: BTreeMap<(&'static str, Case), String>,
    unpinned: BTreeMap<Case, String>,
}

impl Results {
    /// Nothing yet of these contenders, in the order of the report.
    pub(super) fn of(contenders: Vec<&'static Contender>) -> Self {
        Self {
            contenders,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, name: &'static str, figure: Figure, round: usize, value: f64) {
        let series = self.series.entry((name, figure)).or_default();
        series.push(round, value);
    }

    /// Adds what `amount` of `case` took in a round.
    pub(super) fn took(
        &mut self,
        name: &'static str,
        case: Case,
        round: usize,
        amount: u64,
        took: Took,
    ) {
        let amount = amount as f64;
        self.push(name, Figure::Wall(case), round, took.wall / amount);
        if let Some(cpu) = took.cpu {
            self.push(name, Figure::Cpu(case), round, cpu / amount);
        }
    }

    /// Notes that a contender has no way to do `case`.
    pub(super) fn miss(&mut self, name: &'static str, case: Case, why: String) {
        self.absent.insert((name, case), why);
    }

    pub(super) fn absent(&self, name: &'static str, case: Case) -> Option<&str> {
        self.absent.get(&(name, case)).map(String::as_str)
    }

    /// Notes that host and plugin could not be kept on the cores of `case`.
    pub(super) fn note_unpinned(&mut self, case: Case, why: String) {
        // One reason is enough: they are all the machine's.
        self.unpinned.entry(case).or_insert(why);
    }

    /// Why host and plugin were not always on the cores of `case`, if they were not.
    pub(super) fn unpinned(&self, case: Case) -> Option<&str> {
        self.unpinned.get(&case).map(String::as_str)
    }

    /// The same of all cases, in a line.
    pub(super) fn all_unpinned(&self) -> Option<String> {
        let cases = self.unpinned.iter();
        let cases: Vec<String> = cases.map(|(case, why)| format!("{case} ({why})")).collect();
        (!cases.is_empty()).then(|| cases.join(", "))
    }

    /// Every series, in an order that stays the same.
    pub(super) fn series(&self) -> impl Iterator<Item = (&'static str, Figure, &Series)> {
        self.series
            .iter()
            .map(|(&(name, figure), series)| (name, figure, series))
    }

    /// How often the one of `cases` was measured that was most often.
    pub(super) fn rounds(&self, cases: &[Case]) -> usize {
        let of_cases = self.series.iter().filter(|((_, figure), _)| match figure {
            Figure::Wall(case) => cases.contains(case),
            Figure::Cpu(_) | Figure::Memory(_) => false,
        });
        let counts = of_cases.map(|(_, series)| series.values().count());
        counts.max().unwrap_or(0)
    }

    pub(super) fn get(&self, name: &'static str, figure: Figure) -> Option<&Series> {
        self.series.get(&(name, figure))
    }

    pub(super) fn spread(&self, name: &'static str, figure: Figure) -> Option<Spread> {
        self.get(name, figure)?.spread()
    }

    pub(super) fn median(&self, name: &'static str, figure: Figure) -> Option<f64> {
        Some(self.spread(name, figure)?.median)
    }

    /// The one of `names` with the least of `figure`.
    pub(super) fn least(&self, names: &[&'static str], figure: Figure) -> Option<&'static str> {
        let measured = names
            .iter()
            .filter_map(|&name| Some((name, self.median(name, figure)?)));
        let least = measured.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        Some(least.0)
    }

    /// How many times as much of `figure` the one takes as the other, round by round.
    pub(super) fn ratio(
        &self,
        of: &'static str,
        to: &'static str,
        figure: Figure,
    ) -> Option<Series> {
        Some(self.get(of, figure)?.ratio_to(self.get(to, figure)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases::unary;

    const CASE: Case = unary(32, 1);

    #[test]
    fn samples_are_kept_for_one_call() {
        let mut results = Results::default();
        for (round, wall) in [(0, 4000.0), (1, 6000.0)] {
            let took = Took {
                wall,
                cpu: Some(1000.0),
            };
            results.took("grpc", CASE, round, 100, took);
        }
        assert_eq!(results.median("grpc", Figure::Wall(CASE)), Some(50.0));
        assert_eq!(results.median("grpc", Figure::Cpu(CASE)), Some(10.0));
        assert_eq!(results.median("tarpc", Figure::Wall(CASE)), None);
        assert_eq!(
            (results.rounds(&[CASE]), results.rounds(&[Case::Up])),
            (2, 0)
        );
    }

    #[test]
    fn the_first_reason_why_a_case_was_not_pinned_is_kept() {
        let mut results = Results::default();
        assert_eq!(results.all_unpinned(), None);
        for why in ["no second core", "not permitted"] {
            results.note_unpinned(CASE, why.to_owned());
        }
        assert_eq!(results.unpinned(CASE), Some("no second core"));
        assert_eq!(results.unpinned(Case::OneCore), None);
        let all = "unary-32x1 (no second core)";
        assert_eq!(results.all_unpinned().as_deref(), Some(all));
    }

    #[test]
    fn the_least_is_taken_of_those_that_were_measured() {
        let mut results = Results::default();
        let wall = Figure::Wall(CASE);
        results.push("raw-tokio", wall, 0, 2.0);
        results.push("grpc", wall, 0, 3.0);
        let names = ["raw-blocking", "grpc", "raw-tokio"];
        assert_eq!(results.least(&names, wall), Some("raw-tokio"));
        assert_eq!(results.least(&["raw-blocking"], wall), None);
    }
}
