//! What else the machine had to do meanwhile: who shares it with others cannot tell from the figures.

/// From this share on, the figures say more about the others.
const MUCH: f64 = 0.1;

/// Processor time since the system was started, in ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ticks {
    /// Of all processors together, idle or not.
    all: u64,
    idle: u64,
    /// Of this process, and of all that it has waited for.
    ours: u64,
}

impl Ticks {
    /// `None` where the system does not tell.
    pub(super) fn now() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        let own = std::fs::read_to_string("/proc/self/stat").ok()?;
        Self::parse(&stat, &own)
    }

    fn parse(stat: &str, own: &str) -> Option<Self> {
        let numbers = |text: &str| -> Vec<u64> {
            let words = text.split_whitespace();
            words.map_while(|word| word.parse().ok()).collect()
        };
        // user nice system idle iowait irq softirq steal; guests are in the first two already.
        let all = numbers(stat.lines().next()?.strip_prefix("cpu ")?);
        let all = all.get(..8)?;
        // The name, which ends with the last parenthesis, may have anything in it. After it come
        // the state and ten numbers, and then our own times and those of what we have waited for.
        let (_, own) = own.rsplit_once(") ")?;
        let (_, own) = own.split_once(' ')?;
        let own: Vec<u64> = own
            .split(' ')
            .skip(10)
            .map_while(|word| word.parse().ok())
            .collect();
        Some(Self {
            all: all.iter().sum(),
            idle: all[3] + all[4],
            ours: own.get(..4)?.iter().sum(),
        })
    }

    /// What others have used since `before`, for the report.
    pub(super) fn others_since(self, before: Self) -> String {
        let all = self.all.saturating_sub(before.all).max(1);
        let idle = self.idle.saturating_sub(before.idle);
        let ours = self.ours.saturating_sub(before.ours);
        let share = all.saturating_sub(idle).saturating_sub(ours) as f64 / all as f64;
        let much = match share >= MUCH {
            true => ": too much for these figures to be quoted",
            false => "",
        };
        format!("{:.0} % of the processors{much}", share * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 10 50 800 40 1 2 3 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
    const OWN: &str =
        "12 (a (b) c) R 1 12 12 0 -1 4194304 100 0 0 0 30 20 4 6 20 0 1 0 99 5000 7\n";

    #[test]
    fn ticks_are_read_from_the_kernels_tables() {
        let expected = Ticks {
            all: 1006,
            idle: 840,
            ours: 60,
        };
        assert_eq!(Ticks::parse(STAT, OWN), Some(expected));
        assert_eq!(Ticks::parse("", OWN), None);
        assert_eq!(Ticks::parse(STAT, "12 (a) R 1"), None);
    }

    #[test]
    fn what_is_neither_idle_nor_ours_is_of_others() {
        let ticks = |all, idle, ours| Ticks { all, idle, ours };
        let before = ticks(1000, 500, 100);
        let text = ticks(2000, 800, 750).others_since(before);
        assert_eq!(text, "5 % of the processors");
        let text = ticks(2000, 800, 200).others_since(before);
        assert_eq!(
            text,
            "60 % of the processors: too much for these figures to be quoted"
        );
    }
}
