//! What a contender is told, one line at a time.

use std::str::FromStr;

/// A command; README.md says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// One more plugin.
    Launch,
    /// Calls that carry bytes there and back.
    Unary {
        /// The payload, each way.
        bytes: usize,
        /// How many calls are open at a time.
        in_flight: usize,
        /// How many calls in all.
        calls: u64,
    },
    /// Calls from the plugin to the host, one after the other.
    Callback {
        /// How many calls.
        calls: u64,
    },
    /// Calls from the plugin to the host, each through a broker id of its own.
    Dial {
        /// How many ids.
        count: u64,
    },
    /// Bytes from the host to the plugin.
    Up {
        /// How many bytes.
        bytes: u64,
    },
    /// Bytes from the plugin to the host.
    Down {
        /// How many bytes.
        bytes: u64,
    },
    /// A stream of small items from the plugin.
    Items {
        /// How many items.
        count: u64,
    },
    /// Bytes printed by the plugin.
    Flood {
        /// How many bytes.
        bytes: u64,
    },
}

/// A line that is no command.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no command")]
pub struct NoCommand(String);

impl FromStr for Command {
    type Err = NoCommand;

    fn from_str(line: &str) -> Result<Self, NoCommand> {
        let parsed = || {
            let (word, numbers) = line.split_once(' ').unwrap_or((line, ""));
            let numbers: Result<Vec<u64>, _> =
                numbers.split_terminator(' ').map(str::parse).collect();
            Some(match (word, numbers.ok()?.as_slice()) {
                ("launch", []) => Self::Launch,
                ("unary", &[bytes, in_flight, calls]) if in_flight > 0 => Self::Unary {
                    bytes: usize::try_from(bytes).ok()?,
                    in_flight: usize::try_from(in_flight).ok()?,
                    calls,
                },
                ("callback", &[calls]) => Self::Callback { calls },
                ("dial", &[count]) => Self::Dial { count },
                ("up", &[bytes]) => Self::Up { bytes },
                ("down", &[bytes]) => Self::Down { bytes },
                ("items", &[count]) => Self::Items { count },
                ("flood", &[bytes]) => Self::Flood { bytes },
                _ => return None,
            })
        };
        parsed().ok_or_else(|| NoCommand(line.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_is_refused() {
        let unary = Command::Unary {
            bytes: 32,
            in_flight: 64,
            calls: 1000,
        };
        for (line, expected) in [
            ("launch", Some(Command::Launch)),
            ("unary 32 64 1000", Some(unary)),
            ("down 7", Some(Command::Down { bytes: 7 })),
            ("launch 1", None),
            ("unary 32 0 1000", None),
            ("unary 32 64", None),
            ("up -1", None),
            ("up  1", None),
            ("sing", None),
            ("", None),
        ] {
            assert_eq!(line.parse().ok(), expected, "{line:?}");
        }
    }
}
