//! The cases, done in rounds: each contender does a case once, then the next case, and again.
//!
//! A machine is not the same from one minute to the next. What stands side by side in the report
//! was measured side by side, and a slow minute is slow for all.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::build::Programs;
use super::calibrate::calibrate;
use super::cases::{BULK, COUNTED, Case};
use super::contenders::Contender;
use super::cores::Pinned;
use super::host::{Done, Host};
use super::options::Options;
use super::plan::{Budget, Plan};
use super::progress::Progress;
use super::results::Results;

/// Streams are warmed up with a share of what is measured.
const WARM_UP_SHARE: u64 = 8;

/// A contender that has launched its plugin.
struct Runner {
    contender: &'static Contender,
    host: Host,
    /// How much of each case is one sample; a case that is missing here, it does not do.
    amounts: BTreeMap<Case, u64>,
}

/// At most so many steps of progress.
pub(super) fn steps(plan: &Plan, options: &Options) -> usize {
    let contenders = options.contenders();
    let pairs = |cases: &[Case]| contenders.len() * options.cases(cases).len();
    pairs(COUNTED) * (plan.counted.rounds + 1) + pairs(BULK) * (plan.bulk.rounds + 1)
}

/// Measures all cases but the launches.
pub(super) fn run(
    plan: &Plan,
    options: &Options,
    programs: &Programs,
    progress: &Progress,
    results: &mut Results,
) -> Result<(), String> {
    let counted = options.cases(COUNTED);
    let bulk = options.cases(BULK);
    if counted.is_empty() && bulk.is_empty() {
        return Ok(());
    }
    let mut runners = Vec::new();
    for contender in options.contenders() {
        runners.extend(start(contender, programs, results)?);
    }
    for runner in &mut runners {
        for &case in counted.iter().chain(&bulk) {
            progress.begin(format!("warming up {} {case}", runner.contender.name));
            runner.prepare(case, plan, results)?;
            progress.step();
        }
    }
    let (mut calls, mut streams) = (Budget::new(plan.counted), Budget::new(plan.bulk));
    for round in 0.. {
        let (more_calls, more_streams) = (calls.allows(), streams.allows());
        let mut rest = [
            (more_calls, &mut calls, &counted),
            (more_streams, &mut streams, &bulk),
        ];
        for (more, budget, cases) in &mut rest {
            if !*more {
                continue;
            }
            let started = Instant::now();
            for &case in cases.iter() {
                for index in order(runners.len(), round) {
                    let runner = &mut runners[index];
                    let name = runner.contender.name;
                    progress.begin(format!("round {} {name} {case}", round + 1));
                    runner.sample(case, round, results)?;
                    progress.step();
                }
            }
            budget.spend(started);
        }
        if !more_calls && !more_streams {
            break;
        }
    }
    for runner in runners {
        if let Err(why) = runner.host.end() {
            progress.note(&why);
        }
    }
    Ok(())
}

/// `None` where the contender has no way to launch a plugin, which is noted for each case.
fn start(
    contender: &'static Contender,
    programs: &Programs,
    results: &mut Results,
) -> Result<Option<Runner>, String> {
    let mut host = Host::start(&programs.host(contender), contender.name)?;
    match host.launch()? {
        Done::Took(_) => Ok(Some(Runner {
            contender,
            host,
            amounts: BTreeMap::new(),
        })),
        Done::Absent(why) => {
            for case in super::cases::all().filter(|case| contender.takes(*case)) {
                results.miss(contender.name, case, why.clone());
            }
            Ok(None)
        }
    }
}

impl Runner {
    /// Finds out how much of `case` is one sample, and gets both processes going.
    fn prepare(&mut self, case: Case, plan: &Plan, results: &mut Results) -> Result<(), String> {
        if !self.contender.takes(case) {
            return Ok(());
        }
        let name = self.contender.name;
        let _pinned = self.pin(case, results);
        let mut run = |amount| -> Result<_, String> {
            match self.host.run(case, amount)? {
                Done::Took(took) => Ok(Some(Duration::from_nanos(took.wall as u64))),
                Done::Absent(why) => {
                    results.miss(name, case, why);
                    Ok(None)
                }
            }
        };
        let amount = if BULK.contains(&case) {
            let bytes = plan.bytes(case);
            run(bytes / WARM_UP_SHARE)?.map(|_| bytes)
        } else {
            calibrate(case.least(), plan.moment, run)?
        };
        if let Some(amount) = amount {
            self.amounts.insert(case, amount);
        }
        Ok(())
    }

    fn sample(&mut self, case: Case, round: usize, results: &mut Results) -> Result<(), String> {
        let Some(&amount) = self.amounts.get(&case) else {
            return Ok(());
        };
        let name = self.contender.name;
        let _pinned = self.pin(case, results);
        match self.host.run(case, amount)? {
            Done::Took(took) => results.took(name, case, round, amount, took),
            Done::Absent(why) => results.miss(name, case, why),
        }
        Ok(())
    }

    /// Keeps both processes where `case` has them run while the value lives. Where that cannot be
    /// done, they run as they like, and the report says so.
    fn pin(&self, case: Case, results: &mut Results) -> Option<Pinned> {
        let pinned = self.host.pin(case.cores());
        pinned.map_err(|why| results.note_unpinned(case, why)).ok()
    }
}

/// Who comes when in a round: each time another is first, and every other round goes backwards, so
/// that nobody always comes after the same one.
pub(super) fn order(count: usize, round: usize) -> Vec<usize> {
    // A step of a third, so that few rounds differ much, too.
    let first = (count / 3 * round + round).checked_rem(count).unwrap_or(0);
    let mut order: Vec<usize> = (0..count).collect();
    order.rotate_left(first);
    if round % 2 == 1 {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_has_all_and_begins_with_another() {
        let mut firsts = Vec::new();
        for round in 0..5 {
            let mut order = order(5, round);
            firsts.push(order[0]);
            order.sort();
            assert_eq!(order, [0, 1, 2, 3, 4]);
        }
        assert_eq!(firsts, [0, 1, 4, 0, 3]);
    }

    #[test]
    fn one_or_none_has_an_order_too() {
        assert!(order(0, 3).is_empty());
        assert_eq!(order(1, 3), [0]);
    }
}
