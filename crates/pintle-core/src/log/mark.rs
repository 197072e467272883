//! What a plugin says on its stderr where that ceases to be its log alone.

#[cfg(unix)]
use tracing::Level;

use crate::log::LogEntry;

/// The field that makes an entry a mark; entries of programs cannot have it by accident, for names
/// that begin with `@` belong to the format.
const FIELD: &str = "@stdio";

/// All that is said there so far.
const PIPES: &str = "pipes";

/// From here on, stderr is what the plugin prints, with the entries of its log in between.
///
/// It stands in stderr itself because no order holds between two pipes: said on stdout, the host
/// could not tell what came before it from what came after.
#[cfg(unix)]
pub(crate) fn mark() -> LogEntry {
    let mut entry = LogEntry::now(Level::TRACE, "stderr is read as it is from here on");
    entry.fields.insert(FIELD.to_owned(), PIPES.into());
    entry
}

/// Whether an entry is the mark, and nothing to show to anybody.
pub(crate) fn is_mark(entry: &LogEntry) -> bool {
    entry.fields.get(FIELD).is_some_and(|word| word == PIPES)
}
