//! How many calls fill a moment.

use std::time::Duration;

/// No sample is of more: where so many are over before the moment is, they are enough.
const MOST: u64 = 1 << 20;

/// How much more is tried after what was too little. The first calls of a connection are its
/// slowest, so what they promise is not believed at once.
const GROWTH: u64 = 16;

/// Finds the amount, in steps of `least`, that takes about `moment`. Running it is the warm-up, too.
///
/// `run` does that much and tells how long it took, or `None` if it cannot be done at all.
pub(super) fn calibrate<E>(
    least: u64,
    moment: Duration,
    mut run: impl FnMut(u64) -> Result<Option<Duration>, E>,
) -> Result<Option<u64>, E> {
    let mut amount = least;
    loop {
        let Some(mut took) = run(amount)? else {
            return Ok(None);
        };
        // One that was interrupted looks like a slow one; but not again.
        if took * 2 >= moment && took < moment * 4 {
            took = took.min(run(amount)?.unwrap_or(took));
        }
        let enough = fitting(least, amount, took, moment);
        // No step more fits below `MOST` when it is no more than what was tried.
        if took * 2 >= moment || enough <= amount {
            return Ok(Some(enough));
        }
        amount = enough.min(amount.saturating_mul(GROWTH));
    }
}

/// How much takes `moment` if `amount` took that long.
fn fitting(least: u64, amount: u64, took: Duration, moment: Duration) -> u64 {
    let share = moment.as_secs_f64() / took.as_secs_f64().max(1e-9);
    // A float that is too large becomes the largest integer.
    let steps = (amount as f64 / least as f64 * share).round() as u64;
    steps.clamp(1, (MOST / least).max(1)) * least
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(40);

    /// Calibrates something of which one takes `each`, and `first` more at the beginning.
    fn amount(least: u64, each: Duration, first: Duration) -> u64 {
        let mut first = Some(first);
        let run = |amount: u64| -> Result<_, ()> {
            Ok(Some(
                each * amount as u32 + first.take().unwrap_or_default(),
            ))
        };
        calibrate(least, MOMENT, run).unwrap().unwrap()
    }

    #[test]
    fn the_amount_fills_the_moment_in_whole_steps() {
        let us = Duration::from_micros;
        let none = Duration::ZERO;
        assert_eq!(amount(1, us(40), none), 1000);
        assert_eq!(amount(64, us(1), none), 39_232 + 768);
        assert_eq!(amount(1, us(30_000), none), 1);
        assert_eq!(amount(1, us(900_000), none), 1);
        assert_eq!(amount(64, us(20_000), none), 64);
    }

    #[test]
    fn a_slow_first_call_is_not_taken_for_all() {
        for slow in [10, 30].map(Duration::from_millis) {
            assert_eq!(amount(1, Duration::from_micros(40), slow), 1000);
        }
    }

    #[test]
    fn what_takes_no_time_has_an_end() {
        assert_eq!(amount(1, Duration::ZERO, Duration::ZERO), MOST);
        assert_eq!(amount(64, Duration::ZERO, Duration::ZERO), MOST);
        assert_eq!(amount(10_000, Duration::ZERO, Duration::ZERO), 1_040_000);
    }

    #[test]
    fn what_cannot_be_done_has_no_amount() {
        assert_eq!(calibrate(1, MOMENT, |_| Ok::<_, ()>(None)), Ok(None));
        assert_eq!(calibrate(1, MOMENT, |_| Err("lost")), Err("lost"));
    }
}
