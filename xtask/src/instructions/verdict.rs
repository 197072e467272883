//! Whether calls take more instructions than they did.

use std::fmt;
use std::fmt::Write as _;

use super::baseline::{Baseline, Counts};

/// How much more is still the same, in per cent. A count repeats to half a per cent, and to 1.4 on
/// a machine that is very busy.
const TOLERANCE: f64 = 3.0;

/// The same, counted with another compiler, libc or valgrind than the baseline was.
///
/// A compiler two releases newer made 1 % less to 0.2 % more. Copying and allocating are up to 19 % of
/// a small call, so a libc that takes half as much again makes some 9 %.
const TOLERANCE_ELSEWHERE: f64 = 10.0;

/// What a comparison came to. `Display` is the table and what to do.
#[derive(Debug)]
pub(super) struct Verdict {
    rows: Vec<Row>,
    /// What else is not as it was.
    elsewhere: Vec<String>,
}

#[derive(Debug)]
struct Row {
    case: String,
    baseline: Option<u64>,
    now: Option<u64>,
}

impl Verdict {
    pub(super) fn of(baseline: &Baseline, now: &Baseline) -> Self {
        let mut cases: Vec<&String> = baseline.counts.keys().chain(now.counts.keys()).collect();
        cases.sort();
        cases.dedup();
        let rows = cases.into_iter().map(|case| Row {
            case: case.clone(),
            baseline: baseline.counts.get(case).copied(),
            now: now.counts.get(case).copied(),
        });
        Self {
            rows: rows.collect(),
            elsewhere: baseline.conditions.differences(&now.conditions),
        }
    }

    /// Whether no call takes more, and each could be compared.
    pub(super) fn is_good(&self) -> bool {
        self.rows.iter().all(|row| {
            row.change()
                .is_some_and(|change| change <= self.tolerance())
        })
    }

    fn tolerance(&self) -> f64 {
        match self.elsewhere.is_empty() {
            true => TOLERANCE,
            false => TOLERANCE_ELSEWHERE,
        }
    }
}

impl Row {
    /// In per cent of the baseline.
    fn change(&self) -> Option<f64> {
        let (baseline, now) = (self.baseline? as f64, self.now? as f64);
        Some((now - baseline) / baseline * 100.0)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tolerance = self.tolerance();
        let [case, baseline, now, change] = ["case", "baseline", "now", "change"];
        writeln!(f, "{case:<20}{baseline:>12}{now:>12}{change:>10}")?;
        let (mut more, mut less, mut unknown) = (false, false, false);
        for row in &self.rows {
            let [baseline, now] = [row.baseline, row.now].map(number);
            let change = row.change();
            let told = change.map_or("?".to_owned(), |change| format!("{change:+.1} %"));
            writeln!(f, "{:<20}{baseline:>12}{now:>12}{told:>10}", row.case)?;
            more |= change.is_some_and(|change| change > tolerance);
            less |= change.is_some_and(|change| change < -tolerance);
            unknown |= change.is_none();
        }
        for difference in &self.elsewhere {
            writeln!(f, "instructions: {difference}")?;
        }
        if !self.elsewhere.is_empty() {
            writeln!(f, "instructions: so up to {tolerance} % more is let pass")?;
        }
        let renew = "renew the baseline: cargo xtask instructions --renew";
        if more {
            writeln!(
                f,
                "instructions: a call takes over {tolerance} % more than the baseline says. If that is \
                 worth it, say so in the commit and {renew}"
            )?;
        }
        if less {
            writeln!(
                f,
                "instructions: a call takes over {tolerance} % less than the baseline says; {renew}"
            )?;
        }
        if unknown {
            writeln!(f, "instructions: the baseline has other cases; {renew}")?;
        }
        Ok(())
    }
}

/// The counts alone, as a table.
pub(super) fn list(counts: &Counts) -> String {
    let mut list = String::new();
    for (case, count) in counts {
        let count = number(Some(*count));
        writeln!(list, "{case:<20}{count:>12}").expect("a string takes all");
    }
    list
}

/// With a space between the thousands.
fn number(number: Option<u64>) -> String {
    let Some(number) = number else {
        return "–".to_owned();
    };
    let digits = number.to_string();
    let mut spaced = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            spaced.push(' ');
        }
        spaced.push(digit);
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::super::baseline::tests::conditions;
    use super::*;

    fn counted(counts: &[(&str, u64)]) -> Baseline {
        let counts = counts
            .iter()
            .map(|(case, count)| ((*case).to_owned(), *count));
        Baseline {
            conditions: conditions(),
            counts: counts.collect(),
        }
    }

    /// The last line alone: what to do.
    #[track_caller]
    fn check(baseline: &Baseline, now: &Baseline, good: bool, advice: &str) {
        let verdict = Verdict::of(baseline, now);
        let text = verdict.to_string();
        assert_eq!(verdict.is_good(), good, "{text}");
        let last = text.lines().last().unwrap_or_default();
        assert!(last.contains(advice), "{text}");
    }

    #[test]
    fn up_to_three_per_cent_more_is_the_same() {
        let before = counted(&[("a", 100_000)]);
        check(&before, &counted(&[("a", 103_000)]), true, "+3.0 %");
        check(&before, &counted(&[("a", 103_001)]), false, "more than");
    }

    #[test]
    fn one_case_with_more_is_not_made_good_by_another_with_less() {
        let before = counted(&[("a", 1000), ("b", 1000)]);
        let now = counted(&[("a", 500), ("b", 1100)]);
        check(&before, &now, false, "less than");
    }

    #[test]
    fn less_passes_and_asks_for_a_new_baseline() {
        let before = counted(&[("a", 1000)]);
        check(&before, &counted(&[("a", 960)]), true, "--renew");
    }

    #[test]
    fn a_case_that_only_one_of_both_has_does_not_pass() {
        let (one, both) = (counted(&[("a", 1)]), counted(&[("a", 1), ("b", 1)]));
        check(&one, &both, false, "other cases");
        check(&both, &one, false, "other cases");
    }

    #[test]
    fn another_compiler_is_said_and_allowed_more() {
        let before = counted(&[("a", 1000)]);
        let mut now = counted(&[("a", 1100)]);
        now.conditions.rustc = "rustc 1.99.0".to_owned();
        check(&before, &now, true, "up to 10 % more");
        now.counts.insert("a".to_owned(), 1101);
        check(&before, &now, false, "over 10 % more");
    }

    #[test]
    fn the_table_has_a_line_for_each_case() {
        let before = counted(&[("grpc-32", 1_234_567)]);
        let table = Verdict::of(&before, &before).to_string();
        assert_eq!(
            table,
            "case                    baseline         now    change\n\
             grpc-32                1 234 567   1 234 567    +0.0 %\n"
        );
    }
}
