//! Launches, each in a host that has just started, and the memory of what was launched.

use std::thread;
use std::time::{Duration, Instant};

use super::build::Programs;
use super::cases::{Case, STARTS};
use super::contenders::Contender;
use super::host::{Done, Host};
use super::memory::Resident;
use super::options::Options;
use super::plan::{Budget, Plan};
use super::progress::Progress;
use super::results::{Figure, Memory, Results};
use super::rounds::order;

/// What a plugin that has just answered is given to come to rest.
const REST: Duration = Duration::from_millis(30);

/// The launch that is measured beside the first.
const TENTH: u32 = 10;

/// At most so many steps of progress.
pub(super) fn steps(plan: &Plan, options: &Options) -> usize {
    if options.cases(STARTS).is_empty() {
        return 0;
    }
    let rounds = plan.starts.rounds + usize::from(!plan.many_plugins.is_empty());
    contenders(options).len() * rounds
}

fn contenders(options: &Options) -> Vec<&'static Contender> {
    let mut contenders = options.contenders();
    contenders.retain(|contender| contender.takes(Case::Cold));
    contenders
}

/// Measures launches and memory, in rounds over the contenders.
pub(super) fn run(
    plan: &Plan,
    options: &Options,
    programs: &Programs,
    progress: &Progress,
    results: &mut Results,
) -> Result<(), String> {
    let contenders = contenders(options);
    if options.cases(STARTS).is_empty() {
        return Ok(());
    }
    let mut budget = Budget::new(plan.starts);
    let mut round = 0;
    while budget.allows() {
        let started = Instant::now();
        for index in order(contenders.len(), round) {
            let contender = contenders[index];
            progress.begin(format!("round {} {} launch", round + 1, contender.name));
            fresh(contender, plan.plugins, round, programs, progress, results)?;
            progress.step();
        }
        budget.spend(started);
        round += 1;
    }
    if !plan.many_plugins.is_empty() {
        for contender in contenders {
            progress.begin(format!("many plugins of {}", contender.name));
            fresh(
                contender,
                plan.many_plugins,
                round,
                programs,
                progress,
                results,
            )?;
            progress.step();
        }
    }
    Ok(())
}

/// One host from its start to its end, with as many plugins as the last of `counts`.
fn fresh(
    contender: &'static Contender,
    counts: &[u32],
    round: usize,
    programs: &Programs,
    progress: &Progress,
    results: &mut Results,
) -> Result<(), String> {
    let name = contender.name;
    let mut host = Host::start(&programs.host(contender), name)?;
    let mut host_of_one = None;
    for number in 1..=counts.last().copied().unwrap_or(1) {
        let case = match number {
            1 => Some(Case::Cold),
            TENTH => Some(Case::Tenth),
            _ => None,
        };
        match (host.launch()?, case) {
            (Done::Took(took), Some(case)) => results.took(name, case, round, 1, took),
            (Done::Took(_), None) => {}
            (Done::Absent(why), case) => {
                results.miss(name, case.unwrap_or(Case::Tenth), why);
                break;
            }
        }
        if counts.contains(&number) {
            thread::sleep(REST);
            if let Some((host, plugins)) = host.resident() {
                let first = *host_of_one.get_or_insert(host.rss);
                for (memory, kib) in memory(number, host, &plugins, first) {
                    results.push(name, Figure::Memory(memory), round, kib);
                }
            }
        }
    }
    if let Err(why) = host.end() {
        progress.note(&why);
    }
    Ok(())
}

/// The figures of one look at `count` plugins and their host, which had `first` KiB with one.
fn memory(count: u32, host: Resident, plugins: &[Resident], first: f64) -> Vec<(Memory, f64)> {
    let mean = |part: fn(&Resident) -> f64| {
        plugins.iter().map(part).sum::<f64>() / plugins.len().max(1) as f64
    };
    let mut figures = vec![
        (Memory::PluginRss(count), mean(|plugin| plugin.rss)),
        (Memory::PluginPss(count), mean(|plugin| plugin.pss)),
        (Memory::HostRss(count), host.rss),
    ];
    if count > 1 {
        let grown = (host.rss - first) / f64::from(count - 1);
        figures.push((Memory::HostPerPlugin(count), grown));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_charged_for_each_plugin_after_the_first() {
        let resident = |rss, pss| Resident { rss, pss };
        let plugins = [resident(3000.0, 900.0), resident(3100.0, 1100.0)];
        assert_eq!(
            memory(2, resident(5400.0, 4000.0), &plugins, 5000.0),
            [
                (Memory::PluginRss(2), 3050.0),
                (Memory::PluginPss(2), 1000.0),
                (Memory::HostRss(2), 5400.0),
                (Memory::HostPerPlugin(2), 400.0),
            ]
        );
        assert_eq!(memory(1, resident(1.0, 1.0), &plugins, 1.0).len(), 3);
    }
}
