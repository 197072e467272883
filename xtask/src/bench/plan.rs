//! How long is measured: the two lengths of a run, as data.

use std::time::{Duration, Instant};

use super::cases::Case;

/// The length of a run.
#[derive(Debug)]
pub(super) struct Plan {
    /// What one sample of a case that is counted in calls is to take.
    pub(super) moment: Duration,
    pub(super) counted: Limit,
    /// Bytes of a stream, and of a plugin's stdout.
    stream_bytes: u64,
    flood_bytes: u64,
    pub(super) bulk: Limit,
    pub(super) starts: Limit,
    /// With how many plugins memory is looked at in each round of launches.
    pub(super) plugins: &'static [u32],
    /// And with how many once.
    pub(super) many_plugins: &'static [u32],
}

impl Plan {
    /// About six minutes with all contenders.
    pub(super) const FULL: Self = Self {
        moment: Duration::from_millis(40),
        counted: Limit::new(9, 130),
        stream_bytes: 1 << 30,
        flood_bytes: 256 << 20,
        bulk: Limit::new(5, 150),
        starts: Limit::new(9, 50),
        plugins: &[1, 10],
        many_plugins: &[1, 10, 100],
    };

    /// Less than a minute with all contenders.
    pub(super) const QUICK: Self = Self {
        moment: Duration::from_millis(12),
        counted: Limit::new(3, 22),
        stream_bytes: 128 << 20,
        flood_bytes: 64 << 20,
        bulk: Limit::new(3, 8),
        starts: Limit::new(3, 12),
        plugins: &[1, 10],
        many_plugins: &[],
    };

    /// No longer than it takes to see that all is done.
    #[cfg(all(test, target_os = "linux"))]
    pub(super) const TINY: Self = Self {
        moment: Duration::from_millis(40),
        counted: Limit::new(2, 60),
        stream_bytes: 1 << 20,
        flood_bytes: 1 << 20,
        bulk: Limit::new(1, 60),
        starts: Limit::new(2, 60),
        plugins: &[1, 10],
        many_plugins: &[1, 10, 12],
    };

    /// How many bytes a case of bytes is made of.
    pub(super) fn bytes(&self, case: Case) -> u64 {
        match case {
            Case::Flood => self.flood_bytes,
            _ => self.stream_bytes,
        }
    }
}

/// How often something is done, and for how long at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) rounds: usize,
    seconds: u64,
}

impl Limit {
    const fn new(rounds: usize, seconds: u64) -> Self {
        Self { rounds, seconds }
    }
}

/// What is left of a limit. A slow machine gets fewer rounds rather than a longer run.
#[derive(Debug)]
pub(super) struct Budget {
    limit: Limit,
    spent: Duration,
    last: Duration,
    done: usize,
}

impl Budget {
    pub(super) fn new(limit: Limit) -> Self {
        Self {
            limit,
            spent: Duration::ZERO,
            last: Duration::ZERO,
            done: 0,
        }
    }

    /// Whether there is time for another round, if it takes as long as the last. There always is
    /// for the first.
    pub(super) fn allows(&self) -> bool {
        let fits = self.spent + self.last <= Duration::from_secs(self.limit.seconds);
        self.done < self.limit.rounds && (self.done == 0 || fits)
    }

    /// Notes that a round was done, begun at `started`.
    pub(super) fn spend(&mut self, started: Instant) {
        self.note(started.elapsed());
    }

    fn note(&mut self, last: Duration) {
        self.spent += last;
        self.last = last;
        self.done += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_rounds(seconds_each: u64, expected: usize) {
        let mut budget = Budget::new(Limit::new(9, 20));
        while budget.allows() {
            budget.note(Duration::from_secs(seconds_each));
        }
        assert_eq!(budget.done, expected);
    }

    #[test]
    fn rounds_end_with_their_number_or_before_their_time() {
        check_rounds(1, 9);
        check_rounds(4, 5);
        check_rounds(6, 3);
        check_rounds(60, 1);
    }
}
