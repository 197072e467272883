//! Which cores the two processes of a contender may run on.
//!
//! Two processes that wake each other are put on one core or on two by chance, and a small call that
//! has to wake a sleeping core takes many times as long as one that has not. Where that would be all
//! that is measured, chance is to have no part in it.

mod affinity;

use affinity::{allowed, set, siblings};

/// Where host and plugin run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cores {
    /// Where the kernel puts them.
    Any,
    /// Each on a core that the other does not use.
    Own,
    /// Both on the same one.
    One,
}

/// Why `Own` cannot be had on a small machine.
const ONLY_ONE: &str = "there is only one core to run on";

impl Cores {
    /// Keeps the threads of both processes there, and those that they start, while the value lives.
    ///
    /// `Err` is why that cannot be done. Both run where the kernel puts them then, as they did.
    pub(super) fn pin(self, host: u32, plugin: Option<u32>) -> Result<Pinned, String> {
        if self == Self::Any {
            return Ok(Pinned {
                pids: Vec::new(),
                all: Vec::new(),
            });
        }
        let plugin = plugin.ok_or("the process id of the plugin is not known")?;
        let all = allowed(OURSELVES)?;
        let [for_host, for_plugin] = self.of(&all, siblings).ok_or(ONLY_ONE)?;
        // Made first, so that half of it is undone when the other half fails.
        let pinned = Pinned {
            pids: vec![host, plugin],
            all,
        };
        set(host, &[for_host])?;
        set(plugin, &[for_plugin])?;
        Ok(pinned)
    }

    /// That of the host and that of the plugin.
    fn of(self, all: &[usize], siblings: impl Fn(usize) -> Vec<usize>) -> Option<[usize; 2]> {
        match self {
            Self::Any => None,
            Self::Own => two(all, siblings),
            Self::One => all.first().map(|&core| [core, core]),
        }
    }
}

/// Two processes that are kept on their cores. Dropped, it gives them back all that we may use.
#[derive(Debug)]
#[must_use]
pub(super) struct Pinned {
    pids: Vec<u32>,
    all: Vec<usize>,
}

impl Drop for Pinned {
    fn drop(&mut self) {
        for pid in &self.pids {
            // It fails where the process has ended, which whoever asks that process next will tell.
            let _ = set(*pid, &self.all);
        }
    }
}

/// The cores of `Own`, for the report.
pub(super) fn chosen() -> String {
    let all = allowed(OURSELVES);
    match all.and_then(|all| two(&all, siblings).ok_or(ONLY_ONE.to_owned())) {
        Ok([a, b]) if siblings(a).contains(&b) => format!("{a} and {b}, two threads of one core"),
        Ok([a, b]) => format!("{a} and {b}"),
        Err(why) => format!("none: {why}"),
    }
}

/// What the system takes for the process that asks.
const OURSELVES: u32 = 0;

/// The first two that have their own hardware, or else the first two: what the system calls a core
/// may be one of several threads of it, which slow each other down. `None` where there are no two.
fn two(all: &[usize], siblings: impl Fn(usize) -> Vec<usize>) -> Option<[usize; 2]> {
    let apart = all.iter().find_map(|&a| {
        let near = siblings(a);
        let b = all.iter().find(|b| **b != a && !near.contains(b))?;
        Some([a, *b])
    });
    apart.or_else(|| Some([*all.first()?, *all.get(1)?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cores: Cores, all: &[usize], siblings: &[&[usize]], expected: Option<[usize; 2]>) {
        let siblings = |core| {
            let mut sets = siblings.iter();
            let set = sets.find(|set| set.contains(&core));
            set.map_or(vec![core], |set| set.to_vec())
        };
        assert_eq!(cores.of(all, siblings), expected);
    }

    #[test]
    fn two_cores_that_share_no_hardware_are_preferred() {
        check(Cores::Own, &[0, 1], &[], Some([0, 1]));
        check(Cores::Own, &[0, 1, 2, 3], &[&[0, 1], &[2, 3]], Some([0, 2]));
        check(Cores::Own, &[0, 1, 2, 3], &[&[0, 2], &[1, 3]], Some([0, 1]));
        check(Cores::Own, &[3, 6, 7], &[&[2, 3], &[6, 7]], Some([3, 6]));
    }

    #[test]
    fn two_threads_of_one_core_are_better_than_none() {
        check(Cores::Own, &[4, 5], &[&[4, 5]], Some([4, 5]));
    }

    #[test]
    fn one_core_is_no_two_but_is_one() {
        check(Cores::Own, &[5], &[], None);
        check(Cores::One, &[5], &[], Some([5, 5]));
        check(Cores::One, &[5, 6], &[], Some([5, 5]));
        check(Cores::One, &[], &[], None);
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests_of_processes {
    use super::*;
    use std::process::{Child, Command, Stdio};

    /// A process that does nothing until its stdin is closed, which it is at the latest when we end.
    struct Idle(Child);

    impl Idle {
        fn start() -> Self {
            let mut command = Command::new("cat");
            Self(command.stdin(Stdio::piped()).spawn().unwrap())
        }

        fn cores(&self) -> Vec<usize> {
            allowed(self.0.id()).unwrap()
        }
    }

    impl Drop for Idle {
        fn drop(&mut self) {
            // It closes the child's stdin first.
            self.0.wait().unwrap();
        }
    }

    /// Pins two processes, and looks where they are then and afterwards.
    #[track_caller]
    fn check(cores: Cores, expected: impl Fn(&[usize]) -> Option<[Vec<usize>; 2]>) {
        let all = allowed(OURSELVES).unwrap();
        let (host, plugin) = (Idle::start(), Idle::start());
        let pinned = cores.pin(host.0.id(), Some(plugin.0.id()));
        let both = || [host.cores(), plugin.cores()];
        match expected(&all) {
            Some(expected) => assert_eq!((pinned.is_ok(), both()), (true, expected)),
            None => assert_eq!(pinned.as_ref().unwrap_err(), ONLY_ONE),
        }
        drop(pinned);
        assert_eq!(both(), [all.clone(), all]);
    }

    #[test]
    fn both_are_kept_where_they_are_to_be_and_let_go_again() {
        check(Cores::Any, |all| Some([all.to_vec(), all.to_vec()]));
        check(Cores::One, |all| Some([vec![all[0]], vec![all[0]]]));
        check(Cores::Own, |all| {
            two(all, siblings).map(|two| two.map(|core| vec![core]))
        });
    }

    #[test]
    fn when_one_is_gone_the_other_is_left_alone() {
        let host = Idle::start();
        let gone = Some(i32::MAX as u32);
        Cores::One.pin(host.0.id(), gone).unwrap_err();
        assert_eq!(host.cores(), allowed(OURSELVES).unwrap());
    }
}
