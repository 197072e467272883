//! What many samples of one thing come to.

/// The samples of one thing, each with the round in which it was taken.
///
/// The round stays with the value because a machine drifts: what one contender took is compared
/// with what another took in the same round, a moment before or after.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series(Vec<(usize, f64)>);

impl Series {
    pub(super) fn push(&mut self, round: usize, value: f64) {
        self.0.push((round, value));
    }

    pub(super) fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().map(|&(_, value)| value)
    }

    /// `None` without samples.
    pub(super) fn spread(&self) -> Option<Spread> {
        Spread::of(self.values().collect())
    }

    /// How many times as large as `base` this is, in each round that has both.
    pub(super) fn ratio_to(&self, base: &Self) -> Series {
        let in_base = |round| base.0.iter().find(|&&(other, _)| other == round);
        let ratios = self.0.iter().filter_map(|&(round, value)| {
            let &(_, base) = in_base(round)?;
            (base > 0.0).then_some((round, value / base))
        });
        Series(ratios.collect())
    }
}

/// The middle of some samples, and the range in which half of them lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) p25: f64,
    pub(super) median: f64,
    pub(super) p75: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        Some(Self {
            p25: quantile(&values, 0.25)?,
            median: quantile(&values, 0.5)?,
            p75: quantile(&values, 0.75)?,
        })
    }
}

/// Between two neighbours of a sorted list, in proportion.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = last as f64 * share;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(samples: &[(usize, f64)]) -> Series {
        Series(samples.to_vec())
    }

    #[track_caller]
    fn check_spread(values: &[f64], expected: Option<(f64, f64, f64)>) {
        let expected = expected.map(|(p25, median, p75)| Spread { p25, median, p75 });
        assert_eq!(Spread::of(values.to_vec()), expected);
    }

    #[test]
    fn a_spread_is_of_the_sorted_values() {
        check_spread(&[], None);
        check_spread(&[7.0], Some((7.0, 7.0, 7.0)));
        check_spread(&[2.0, 1.0], Some((1.25, 1.5, 1.75)));
        check_spread(&[5.0, 1.0, 2.0, 4.0, 3.0], Some((2.0, 3.0, 4.0)));
    }

    #[test]
    fn one_outlier_does_not_move_the_median_far() {
        let spread = series(&[(0, 1.0), (1, 1.0), (2, 900.0)]).spread().unwrap();
        assert_eq!(spread.median, 1.0);
    }

    #[test]
    fn a_ratio_is_taken_within_a_round_so_that_drift_cancels() {
        let ours = series(&[(0, 2.0), (1, 20.0), (2, 200.0)]);
        let base = series(&[(2, 100.0), (1, 10.0), (0, 1.0)]);
        let ratio = ours.ratio_to(&base);
        assert_eq!(ratio, series(&[(0, 2.0), (1, 2.0), (2, 2.0)]));
    }

    #[test]
    fn rounds_that_only_one_of_two_has_are_left_out() {
        let ours = series(&[(0, 2.0), (1, 4.0)]);
        let base = series(&[(1, 2.0), (2, 7.0)]);
        assert_eq!(ours.ratio_to(&base), series(&[(1, 2.0)]));
        assert_eq!(ours.ratio_to(&series(&[(0, 0.0)])), series(&[]));
    }
}
