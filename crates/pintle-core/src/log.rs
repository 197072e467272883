//! A plugin's log: lines on its real stderr, written by one side and read by the other.
//!
//! The form is that of go-plugin's peers, hclog's JSON, one object a line:
//!
//! ```text
//! {"@level":"info","@message":"listening","@module":"greeter","@timestamp":"2026-01-02T03:04:05.000006Z","port":1}
//! ```

mod emit;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod hclog;
mod layer;
mod mark;
mod parse;
mod sieve;
mod split;
mod stderr;
mod timestamp;

use std::time::SystemTime;

use serde_json::{Map, Value};
use tracing::Level;

pub(crate) use emit::emit;
pub use layer::HclogLayer;
pub(crate) use mark::is_mark;
#[cfg(unix)]
pub(crate) use mark::mark;
pub(crate) use parse::LogParser;
pub(crate) use sieve::{SEPARATOR, Sieve, Sifted};
pub(crate) use split::{Line, LineSplitter};
pub use stderr::LogStderr;
#[cfg(unix)]
pub(crate) use stderr::{RealStderr, set_real_stderr};

/// One entry of a plugin's log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry {
    /// How grave it is.
    pub level: Level,
    /// What the plugin says; of a line that is not structured, the whole line.
    pub message: String,
    /// The part of the plugin that says it, if the line tells.
    pub module: Option<String>,
    /// When it was said, by the plugin's clock and in the plugin's words; not checked.
    pub timestamp: Option<String>,
    /// All else that the line tells, by name.
    pub fields: Map<String, Value>,
}

impl LogEntry {
    /// An entry that this process makes now.
    pub(crate) fn now(level: Level, message: &str) -> Self {
        let mut entry = Self::plain(level, message);
        entry.timestamp = Some(timestamp::utc(SystemTime::now()));
        entry
    }

    /// The entry as it is written, with the end of its line.
    pub(crate) fn into_line(self) -> String {
        hclog::print(self) + "\n"
    }

    fn plain(level: Level, text: &str) -> Self {
        let message = text.to_owned();
        Self {
            level,
            message,
            module: None,
            timestamp: None,
            fields: Map::new(),
        }
    }
}
