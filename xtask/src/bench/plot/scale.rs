//! From a value to its place on an axis.

/// An axis: a range of values, and the pixels it covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    log: bool,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// From zero to a round number, for what is compared by length.
    pub(super) fn linear(most: f64, from: f64, to: f64) -> Self {
        let step = step(most);
        Self {
            log: false,
            low: 0.0,
            high: (most / step).ceil().max(1.0) * step,
            from,
            to,
        }
    }

    /// Between round numbers, for what spans decades.
    pub(super) fn log(least: f64, most: f64, from: f64, to: f64) -> Self {
        let least = least.max(f64::MIN_POSITIVE);
        Self {
            log: true,
            low: round_down(least),
            high: round_up(most.max(least * 1.01)),
            from,
            to,
        }
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        let share = if self.log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            value / self.high
        };
        self.from + share * (self.to - self.from)
    }

    /// The values that are written beside the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if !self.log {
            let step = step(self.high);
            return (0..)
                .map(|n| f64::from(n) * step)
                .take_while(|tick| *tick <= self.high * 1.001)
                .collect();
        }
        let decades = self.high.log10() - self.low.log10();
        // Where there are few decades, round numbers between them help.
        let each = if decades < 2.5 {
            &ROUND[..3]
        } else {
            &ROUND[..1]
        };
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        let ticks = (first..=last)
            .flat_map(|decade| each.iter().map(move |round| round * 10_f64.powi(decade)));
        ticks
            .filter(|tick| (self.low * 0.999..=self.high * 1.001).contains(tick))
            .collect()
    }
}

/// About five to a range, each a round number.
fn step(range: f64) -> f64 {
    let rough = (range / 5.0).max(f64::MIN_POSITIVE);
    let decade = 10_f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * decade);
    nice.into_iter()
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(rough)
}

const ROUND: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

fn round_down(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let below = ROUND.iter().rev().map(|n| n * decade);
    below
        .into_iter()
        .find(|round| *round <= value)
        .unwrap_or(value)
}

fn round_up(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let above = ROUND.iter().map(|n| n * decade);
    above
        .into_iter()
        .find(|round| *round >= value)
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_begins_at_zero_and_ends_at_a_round_number() {
        let scale = Scale::linear(8.3, 100.0, 200.0);
        assert_eq!(scale.ticks(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!((scale.place(0.0), scale.place(5.0)), (100.0, 150.0));
    }

    #[test]
    fn a_logarithmic_axis_has_its_decades() {
        let scale = Scale::log(3.0, 4_000.0, 0.0, 300.0);
        assert_eq!(scale.ticks(), [10.0, 100.0, 1000.0]);
        assert_eq!((scale.low, scale.high), (2.0, 5_000.0));
        assert_eq!(
            Scale::log(30.0, 90.0, 0.0, 1.0).ticks(),
            [20.0, 50.0, 100.0]
        );
        let scale = Scale::log(1.0, 1_000.0, 300.0, 0.0);
        assert!((scale.place(10.0) - 200.0).abs() < 1e-9);
    }
}
