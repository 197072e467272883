//! Whether a goal is met.

use std::fmt;

use super::goals::Goal;
use super::results::{Figure, Results};
use super::stats::{Series, Spread};

/// What a ratio should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    /// It takes at most so many times as much.
    Cost(f64),
    /// It is at least so many times as fast.
    Speed(f64),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cost(most) => write!(f, "≤ {most} ×"),
            Self::Speed(least) => write!(f, "≥ {least} ×"),
        }
    }
}

/// A goal that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    /// Of costs or of speeds, as the bound is.
    pub(super) ratio: Spread,
    /// Which of several was the best, and compared with.
    pub(super) to: &'static str,
    pub(super) met: bool,
}

impl Goal {
    /// `None` where something that it compares was not measured.
    pub(super) fn judge(&self, results: &Results) -> Option<Verdict> {
        let verdicts = self.figures.iter();
        let verdicts = verdicts.map(|&figure| self.judge_by(figure, results));
        let verdicts: Vec<Verdict> = verdicts.collect::<Option<_>>()?;
        verdicts.into_iter().max_by(|a, b| {
            let larger = a.ratio.median.total_cmp(&b.ratio.median);
            match self.bound {
                Bound::Cost(_) => larger,
                Bound::Speed(_) => larger.reverse(),
            }
        })
    }

    fn judge_by(&self, figure: Figure, results: &Results) -> Option<Verdict> {
        let to = results.least(self.to, figure)?;
        // What takes twice the time is half as fast.
        let ratio = match self.bound {
            Bound::Cost(_) => results.ratio(self.of, to, figure),
            Bound::Speed(_) => results.ratio(to, self.of, figure),
        };
        let ratio = ratio.as_ref().and_then(Series::spread)?;
        let met = match self.bound {
            Bound::Cost(most) => ratio.median <= most,
            Bound::Speed(least) => ratio.median >= least,
        };
        Some(Verdict { ratio, to, met })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases::Case;

    const UP: Figure = Figure::Wall(Case::Up);
    const DOWN: Figure = Figure::Wall(Case::Down);

    /// A goal for tarpc, beside the faster floor, in both directions.
    fn goal(bound: Bound) -> Goal {
        Goal {
            quantity: "",
            of: "tarpc",
            to: &["raw-blocking", "raw-tokio"],
            figures: &[UP, DOWN],
            bound,
            reason: "",
        }
    }

    fn results(samples: &[(&'static str, Figure, f64)]) -> Results {
        let mut results = Results::default();
        for &(name, figure, value) in samples {
            results.push(name, figure, 0, value);
        }
        results
    }

    #[track_caller]
    fn check(bound: Bound, ratio: f64, met: bool) {
        let results = results(&[
            ("raw-blocking", UP, 3.0),
            ("raw-tokio", UP, 2.0),
            ("raw-tokio", DOWN, 2.0),
            ("tarpc", UP, 4.0),
            ("tarpc", DOWN, 8.0),
        ]);
        let verdict = goal(bound).judge(&results).unwrap();
        assert_eq!((verdict.ratio.median, verdict.met), (ratio, met));
        assert_eq!(verdict.to, "raw-tokio");
    }

    #[test]
    fn the_best_of_the_others_and_the_worst_of_ours_count() {
        check(Bound::Cost(4.0), 4.0, true);
        check(Bound::Cost(3.9), 4.0, false);
        check(Bound::Speed(0.25), 0.25, true);
        check(Bound::Speed(0.26), 0.25, false);
    }

    #[test]
    fn half_a_measurement_is_none() {
        let results = results(&[("raw-tokio", UP, 2.0), ("tarpc", UP, 2.0)]);
        assert_eq!(goal(Bound::Cost(1.0)).judge(&results), None);
    }
}
