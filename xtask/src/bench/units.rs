//! Numbers as a person reads them: three digits, and a unit that fits.

/// Three significant digits.
pub(super) fn digits(value: f64) -> String {
    let size = value.abs();
    let places = match size {
        _ if size >= 99.95 || size == 0.0 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 3,
    };
    format!("{value:.places$}")
}

/// So many per second.
pub(super) fn rate(value: f64) -> String {
    match value {
        999_500.0.. => format!("{} M", digits(value / 1e6)),
        9_995.0.. => format!("{} k", digits(value / 1e3)),
        _ => digits(value),
    }
}

/// How many times as much.
pub(super) fn times(ratio: f64) -> String {
    if ratio < 9.995 {
        format!("{ratio:.2} ×")
    } else {
        format!("{} ×", digits(ratio))
    }
}

/// The same without the zeros at its end, for the round numbers beside an axis.
pub(super) fn round(text: &str) -> String {
    let (number, unit) = text.split_at(text.find(' ').unwrap_or(text.len()));
    if !number.contains('.') {
        return text.to_owned();
    }
    let number = number.trim_end_matches('0').trim_end_matches('.');
    format!("{number}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_kept() {
        let values = [
            0.0, 0.012_34, 0.999_6, 1.0, 9.994, 9.996, 99.94, 99.96, 12_345.6,
        ];
        assert_eq!(
            values.map(digits),
            [
                "0", "0.012", "1.00", "1.00", "9.99", "10.0", "99.9", "100", "12346"
            ]
        );
    }

    #[test]
    fn rates_are_said_in_thousands_and_millions() {
        let values = [12.34, 9_000.0, 12_345.0, 999_700.0, 1_234_567.0];
        assert_eq!(
            values.map(rate),
            ["12.3", "9000", "12.3 k", "1.00 M", "1.23 M"]
        );
    }

    #[test]
    fn round_numbers_lose_their_zeros() {
        let texts = ["0.500", "10.0 k", "1.05", "100", "2.00 M", "0"];
        assert_eq!(texts.map(round), ["0.5", "10 k", "1.05", "100", "2 M", "0"]);
    }

    #[test]
    fn ratios_have_two_places_while_they_are_small() {
        assert_eq!(
            [0.123, 1.0, 12.34].map(times),
            ["0.12 ×", "1.00 ×", "12.3 ×"]
        );
    }
}
