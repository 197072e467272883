//! What is measured: the work that every contender is told to do, as data.

use std::fmt;

use super::cores::Cores;

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Case {
    Unary {
        bytes: u32,
        in_flight: u32,
    },
    /// The smallest of those, one at a time, with both processes on one core.
    OneCore,
    Callback,
    Dial,
    Items,
    Up,
    Down,
    Flood,
    /// The first plugin of a host that has just started.
    Cold,
    /// The tenth plugin of one host.
    Tenth,
}

/// The cases whose amount is found by trying: as many calls as fill a moment.
pub(super) const COUNTED: &[Case] = &[
    unary(32, 1),
    Case::OneCore,
    unary(32, 64),
    unary(1 << 10, 1),
    unary(1 << 10, 64),
    unary(1 << 16, 1),
    unary(1 << 16, 64),
    unary(1 << 20, 1),
    unary(1 << 20, 64),
    Case::Callback,
    Case::Dial,
    Case::Items,
];

/// The cases whose amount is given: a stream is to be long enough for its buffers not to count.
pub(super) const BULK: &[Case] = &[Case::Up, Case::Down, Case::Flood];

/// The cases that need a fresh host for each sample.
pub(super) const STARTS: &[Case] = &[Case::Cold, Case::Tenth];

/// Up to this payload, a lone call is all waking up, so that it matters where both processes run.
pub(super) const SMALL: u32 = 1 << 10;

pub(super) const fn unary(bytes: u32, in_flight: u32) -> Case {
    Case::Unary { bytes, in_flight }
}

/// Every case, in the order of the report.
pub(super) fn all() -> impl Iterator<Item = Case> {
    [COUNTED, BULK, STARTS].into_iter().flatten().copied()
}

/// What a case is counted in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    Call,
    Item,
    Byte,
    Launch,
}

/// The floor that a case is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Floor {
    /// One call at a time is all waking up, and nothing wakes up cheaper than a blocked thread.
    Blocking,
    /// A stream is all copying; tokio is what everything else here is built on.
    Tokio,
    /// Which of the two is faster is not ours to say, or only one of them does it.
    Faster,
}

impl Floor {
    /// The contenders of which the fastest is the floor.
    pub(super) fn contenders(self) -> &'static [&'static str] {
        match self {
            Self::Blocking => &["raw-blocking"],
            Self::Tokio => &["raw-tokio"],
            Self::Faster => &["raw-blocking", "raw-tokio"],
        }
    }
}

impl Case {
    pub(super) fn is_unary(self) -> bool {
        matches!(self, Self::Unary { .. } | Self::OneCore)
    }

    /// Where both processes run. Whatever is more than waking up is left to the kernel: there a
    /// runtime of several threads and a garbage collector have use for more cores.
    pub(super) fn cores(self) -> Cores {
        match self {
            Self::Unary {
                bytes: ..=SMALL,
                in_flight: 1,
            } => Cores::Own,
            Self::OneCore => Cores::One,
            _ => Cores::Any,
        }
    }

    pub(super) fn unit(self) -> Unit {
        match self {
            Self::Unary { .. } | Self::OneCore | Self::Callback | Self::Dial => Unit::Call,
            Self::Items => Unit::Item,
            Self::Up | Self::Down | Self::Flood => Unit::Byte,
            Self::Cold | Self::Tenth => Unit::Launch,
        }
    }

    pub(super) fn floor(self) -> Floor {
        match self {
            Self::Unary { in_flight: 1, .. } | Self::OneCore => Floor::Blocking,
            Self::Up | Self::Down => Floor::Tokio,
            _ => Floor::Faster,
        }
    }

    /// The smallest amount, and the step of larger ones: as many calls as are to be open at a time,
    /// and so many of what is begun once that the beginning does not count.
    pub(super) fn least(self) -> u64 {
        match self {
            Self::Unary { in_flight, .. } => in_flight.into(),
            Self::Callback => 500,
            Self::Items => 10_000,
            _ => 1,
        }
    }

    /// The line that tells a contender to do this `amount` times, or with that many bytes.
    pub(super) fn command(self, amount: u64) -> String {
        match self {
            Self::Unary { bytes, in_flight } => format!("unary {bytes} {in_flight} {amount}"),
            Self::OneCore => unary(32, 1).command(amount),
            Self::Callback => format!("callback {amount}"),
            Self::Dial => format!("dial {amount}"),
            Self::Items => format!("items {amount}"),
            Self::Up => format!("up {amount}"),
            Self::Down => format!("down {amount}"),
            Self::Flood => format!("flood {amount}"),
            Self::Cold | Self::Tenth => "launch".to_owned(),
        }
    }

    /// The heading above a table of this case.
    pub(super) fn title(self) -> String {
        match self {
            Self::Unary { bytes, in_flight } => {
                format!(
                    "Unary call, {} there and back, {in_flight} in flight",
                    size(bytes)
                )
            }
            Self::OneCore => format!("{}, both processes on one core", unary(32, 1).title()),
            Self::Callback => "Callback: the plugin calls the host, 32 B there and back".to_owned(),
            Self::Dial => "Broker dial: a new id, a connection to it, one call".to_owned(),
            Self::Items => "Server stream, items of 32 B".to_owned(),
            Self::Up => "Byte stream, host to plugin".to_owned(),
            Self::Down => "Byte stream, plugin to host".to_owned(),
            Self::Flood => "The plugin's stdout, counted by the host".to_owned(),
            Self::Cold => {
                "Launch to first reply, cold: the first plugin of a fresh host".to_owned()
            }
            Self::Tenth => "Launch to first reply, the tenth plugin of one host".to_owned(),
        }
    }
}

/// The name in the JSON, in `--only` and on the progress bar.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unary { bytes, in_flight } => write!(f, "unary-{bytes}x{in_flight}"),
            Self::OneCore => write!(f, "{}-one-core", unary(32, 1)),
            Self::Callback => f.write_str("callback"),
            Self::Dial => f.write_str("dial"),
            Self::Items => f.write_str("items"),
            Self::Up => f.write_str("up"),
            Self::Down => f.write_str("down"),
            Self::Flood => f.write_str("flood"),
            Self::Cold => f.write_str("launch-cold"),
            Self::Tenth => f.write_str("launch-tenth"),
        }
    }
}

/// A power of two as a person says it.
pub(super) fn size(bytes: u32) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_contenders_protocol() {
        let commands: Vec<String> = all().map(|case| case.command(7)).collect();
        assert_eq!(
            commands,
            [
                "unary 32 1 7",
                "unary 32 1 7",
                "unary 32 64 7",
                "unary 1024 1 7",
                "unary 1024 64 7",
                "unary 65536 1 7",
                "unary 65536 64 7",
                "unary 1048576 1 7",
                "unary 1048576 64 7",
                "callback 7",
                "dial 7",
                "items 7",
                "up 7",
                "down 7",
                "flood 7",
                "launch",
                "launch",
            ]
        );
    }

    #[test]
    fn names_tell_all_cases_apart() {
        let mut names: Vec<String> = all().map(|case| case.to_string()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all().count());
    }

    #[test]
    fn only_small_lone_calls_are_pinned() {
        let pinned = all().filter(|case| case.cores() != Cores::Any);
        let pinned: Vec<_> = pinned.map(|case| (case, case.cores())).collect();
        assert_eq!(
            pinned,
            [
                (unary(32, 1), Cores::Own),
                (Case::OneCore, Cores::One),
                (unary(1 << 10, 1), Cores::Own),
            ]
        );
    }

    #[test]
    fn sizes_are_said_in_the_unit_that_fits() {
        let sizes = [32, 1024, 65_536, 1 << 20].map(size);
        assert_eq!(sizes, ["32 B", "1 KiB", "64 KiB", "1 MiB"]);
    }
}
