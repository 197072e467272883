//! How much a plugin may have of what the system has.

use std::collections::BTreeMap;
use std::fmt;

/// What can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    MemoryBytes,
    OpenFiles,
    CpuSeconds,
    Processes,
    CoreBytes,
}

/// The most of each, as far as there is a bound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    most: BTreeMap<Limit, u64>,
}

impl Limits {
    pub(crate) fn set(&mut self, limit: Limit, most: u64) {
        self.most.insert(limit, most);
    }

    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(crate) fn get(&self, limit: Limit) -> Option<u64> {
        self.most.get(&limit).copied()
    }
}

/// What a person is told of them: those that a plugin can run into.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (limit, most) in &self.most {
            match limit {
                Limit::MemoryBytes => write!(f, ", {most} bytes of memory"),
                Limit::OpenFiles => write!(f, ", {most} open files"),
                Limit::CpuSeconds => write!(f, ", {most} s of processor time"),
                Limit::Processes => write!(f, ", {most} processes"),
                Limit::CoreBytes => Ok(()),
            }?;
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
pub(crate) use system::system;

#[cfg(target_os = "linux")]
mod system {
    use rustix::process::{Resource, Rlimit, getrlimit};

    use super::{Limit, Limits};

    /// The limits as the system takes them. None is above the host's own, which cannot be raised.
    pub(crate) fn system(limits: &Limits) -> Vec<(Resource, Rlimit)> {
        let all = limits.most.iter().map(|(limit, most)| {
            let resource = resource(*limit);
            (resource, within(getrlimit(resource).maximum, *limit, *most))
        });
        all.collect()
    }

    fn resource(limit: Limit) -> Resource {
        match limit {
            Limit::MemoryBytes => Resource::Data,
            Limit::OpenFiles => Resource::Nofile,
            Limit::CpuSeconds => Resource::Cpu,
            Limit::Processes => Resource::Nproc,
            Limit::CoreBytes => Resource::Core,
        }
    }

    fn within(hosts: Option<u64>, limit: Limit, most: u64) -> Rlimit {
        // A signal at the first bound, by which a person can tell; death at the second.
        let grace = u64::from(limit == Limit::CpuSeconds);
        let bounded = |most: u64| Some(hosts.map_or(most, |hosts| hosts.min(most)));
        Rlimit {
            current: bounded(most),
            maximum: bounded(most.saturating_add(grace)),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[track_caller]
        fn check(hosts: Option<u64>, limit: Limit, most: u64, expected: (u64, u64)) {
            let found = within(hosts, limit, most);
            let expected = (Some(expected.0), Some(expected.1));
            assert_eq!((found.current, found.maximum), expected);
        }

        #[test]
        fn a_limit_is_never_above_the_hosts_own() {
            check(None, Limit::OpenFiles, 256, (256, 256));
            check(Some(1024), Limit::OpenFiles, 256, (256, 256));
            check(Some(64), Limit::OpenFiles, 256, (64, 64));
        }

        #[test]
        fn processor_time_ends_by_a_signal_that_tells_before_one_that_kills() {
            check(None, Limit::CpuSeconds, 2, (2, 3));
            check(Some(2), Limit::CpuSeconds, 2, (2, 2));
            check(None, Limit::CpuSeconds, u64::MAX, (u64::MAX, u64::MAX));
        }
    }
}
