//! The time of a log line, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// From 1 March of the year 0 to 1 January 1970, in days.
const DAYS_TO_1970: u64 = 719_468;

/// The days of 400 years, after which the calendar repeats.
const DAYS_PER_CYCLE: u64 = 146_097;

/// The time as log lines say it: `2026-01-02T03:04:05.000006Z`.
///
/// A clock that is set before 1970 counts as 1970.
pub(super) fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = date(since.as_secs() / SECONDS_PER_DAY);
    let second = since.as_secs() % SECONDS_PER_DAY;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Year, month and day of a day counted from 1 January 1970.
///
/// Years are counted from March here, so that a leap day is the last of its
/// year and every month before it begins on the same day of each year.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + DAYS_TO_1970;
    let (cycle, day) = (days / DAYS_PER_CYCLE, days % DAYS_PER_CYCLE);
    // A day for each leap year before this one is taken out, then every year has 365.
    let leap_days = day / 1_460 - day / 36_524 + day / (DAYS_PER_CYCLE - 1);
    let year = (day - leap_days) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months from March on have 153 days, and so have the five after them.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (400 * cycle + year + later, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(micros: u64, expected: &str) {
        assert_eq!(utc(UNIX_EPOCH + Duration::from_micros(micros)), expected);
    }

    #[test]
    fn known_times_are_told_right() {
        check(0, "1970-01-01T00:00:00.000000Z");
        check(951_782_400_000_000, "2000-02-29T00:00:00.000000Z");
        check(1_234_567_890_000_001, "2009-02-13T23:31:30.000001Z");
        check(1_767_323_045_000_006, "2026-01-02T03:04:05.000006Z");
        check(4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z");
        check(4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z");
    }

    #[test]
    fn a_clock_before_1970_does_not_panic() {
        let early = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(utc(early), "1970-01-01T00:00:00.000000Z");
    }

    /// Counts every day of more than a whole cycle by the rule that children learn.
    #[test]
    fn the_calendar_is_right_for_five_centuries() {
        let mut days = 0..;
        for year in 1970..2470 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let february = if leap { 29 } else { 28 };
            let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, length) in (1..).zip(lengths) {
                for day in 1..=length {
                    let counted = days.next().map(date);
                    assert_eq!(counted, Some((year, month, day)));
                }
            }
        }
    }
}
