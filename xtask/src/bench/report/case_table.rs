//! The table of one case: a row for each contender that takes part.

use super::table::table;
use crate::bench::cases::{Case, Unit};
use crate::bench::contenders::Contender;
use crate::bench::cores::Cores;
use crate::bench::results::{Figure, Results};
use crate::bench::stats::{Series, Spread};
use crate::bench::units::{digits, rate, times};

/// Payloads from this size on are a matter of bytes per second rather than of calls.
const LARGE: u32 = 1 << 16;

/// Where both processes ran, in the middle of a sentence. `None` where the kernel was to decide.
pub(super) fn place(results: &Results, case: Case) -> Option<String> {
    let wanted = match case.cores() {
        Cores::Any => return None,
        Cores::Own => "each process on a core of its own",
        Cores::One => "both processes on one core",
    };
    Some(match results.unpinned(case) {
        Some(why) => format!("wherever the kernel put them, always or at times: {why}"),
        None => wanted.to_owned(),
    })
}

/// `None` where nobody was told to do it.
pub(super) fn case_table(results: &Results, case: Case) -> Option<String> {
    let scale = Scale::of(case);
    let mut rows = Vec::new();
    let mut notes = String::new();
    for contender in results
        .contenders
        .iter()
        .filter(|contender| contender.takes(case))
    {
        if let Some(spread) = results.spread(contender.name, Figure::Wall(case)) {
            rows.push(row(results, contender, case, spread, &scale));
        } else if let Some(why) = results.absent(contender.name, case) {
            let mut row = vec![format!("`{}`", contender.name)];
            row.resize(HEADING, "–".to_owned());
            rows.push(row);
            notes += &format!("- `{}` has no way to do this: {why}\n", contender.name);
        }
    }
    if rows.is_empty() {
        return None;
    }
    let floor = floor_of(results, case);
    let floor = floor.map_or("× floor".to_owned(), |floor| format!("× `{floor}`"));
    let heading: [&str; HEADING] = [
        "contender",
        &scale.heading,
        "p25 – p75",
        &scale.cpu_heading,
        &floor,
        "× go-plugin",
        scale.rate_heading,
    ];
    let notes = if notes.is_empty() {
        notes
    } else {
        format!("\n{notes}")
    };
    let place = place(results, case);
    let place = place.map_or(String::new(), |place| format!("Where it ran: {place}.\n\n"));
    Some(place + &table(&heading, &rows) + &notes)
}

const HEADING: usize = 7;

fn row(
    results: &Results,
    contender: &Contender,
    case: Case,
    spread: Spread,
    scale: &Scale,
) -> Vec<String> {
    let wall = Figure::Wall(case);
    let ratio = |to: Option<&'static str>| {
        let ratio = to.and_then(|to| results.ratio(contender.name, to, wall));
        or_dash(ratio.as_ref().and_then(Series::spread), |ratio| {
            times(ratio.median)
        })
    };
    let cpu = results.median(contender.name, Figure::Cpu(case));
    // Of a rate, the larger quarter is the smaller time.
    let (low, high) = match scale.inverse {
        true => (spread.p75, spread.p25),
        false => (spread.p25, spread.p75),
    };
    vec![
        format!("`{}`", contender.name),
        scale.show(spread.median),
        format!("{} – {}", scale.show(low), scale.show(high)),
        or_dash(cpu, |cpu| digits(cpu / scale.cpu_unit)),
        ratio(floor_of(results, case)),
        ratio(contender.go),
        scale.rate(spread.median),
    ]
}

fn floor_of(results: &Results, case: Case) -> Option<&'static str> {
    results.least(case.floor().contenders(), Figure::Wall(case))
}

pub(super) fn or_dash<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or("–".to_owned(), show)
}

/// How the figures of a case are said.
struct Scale {
    heading: String,
    cpu_heading: String,
    rate_heading: &'static str,
    /// In nanoseconds.
    unit: f64,
    cpu_unit: f64,
    /// Whether a rate is said where other cases have a time.
    inverse: bool,
    /// What one of the case carries in one direction, if that is what counts.
    payload: Option<u32>,
}

impl Scale {
    fn of(case: Case) -> Self {
        let (name, unit, cpu_unit, rate_heading) = match case.unit() {
            Unit::Call => ("µs per call", 1e3, 1e3, "calls/s"),
            Unit::Item => ("µs per item", 1e3, 1e3, "items/s"),
            Unit::Launch => ("ms", 1e6, 1e6, "launches/s"),
            // Nanoseconds for a byte are seconds for 10⁹.
            Unit::Byte => ("s per GB", 1.0, 1.0, "GB/s"),
        };
        let payload = match case {
            Case::Unary {
                bytes: bytes @ LARGE..,
                ..
            } => Some(bytes),
            _ => None,
        };
        let inverse = case.unit() == Unit::Byte;
        Self {
            heading: if inverse { "GB/s" } else { name }.to_owned(),
            cpu_heading: format!("CPU {name}"),
            rate_heading: match (payload, inverse) {
                (Some(_), _) => "GB/s each way",
                (None, true) => "s per GB",
                (None, false) => rate_heading,
            },
            unit,
            cpu_unit,
            inverse,
            payload,
        }
    }

    fn show(&self, ns: f64) -> String {
        digits(if self.inverse {
            1.0 / ns
        } else {
            ns / self.unit
        })
    }

    fn rate(&self, ns: f64) -> String {
        match self.payload {
            Some(bytes) => digits(f64::from(bytes) / ns),
            None if self.inverse => digits(ns),
            None => rate(1e9 / ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases::unary;

    #[track_caller]
    fn check_place(case: Case, why: Option<&str>, expected: Option<&str>) {
        let mut results = Results::default();
        if let Some(why) = why {
            results.note_unpinned(case, why.to_owned());
        }
        assert_eq!(place(&results, case).as_deref(), expected);
    }

    #[test]
    fn a_case_that_was_not_pinned_does_not_say_that_it_was() {
        let own = "each process on a core of its own";
        check_place(unary(32, 1), None, Some(own));
        check_place(Case::OneCore, None, Some("both processes on one core"));
        check_place(unary(32, 64), None, None);
        let not = "wherever the kernel put them, always or at times: no second core";
        check_place(unary(32, 1), Some("no second core"), Some(not));
    }
}
