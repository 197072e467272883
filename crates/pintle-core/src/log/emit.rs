//! Entries of a plugin's log to the host's own.

use serde_json::Value;
use tracing::Level;

use crate::log::LogEntry;

/// The target of the events that a plugin's log becomes.
const TARGET: &str = "pintle::plugin";

/// Gives an entry to `tracing`, at its level and with the plugin's name.
///
/// The entry's own fields are one field of the event, as compact JSON: the
/// names of an event's fields are fixed when the host is compiled.
pub(crate) fn emit(entry: &LogEntry, plugin: &str) {
    // The level, too, is fixed for each place that makes events: hence five of them.
    macro_rules! event {
        ($level:expr) => {
            tracing::event!(
                target: TARGET,
                $level,
                plugin,
                module = entry.module.as_deref(),
                timestamp = entry.timestamp.as_deref(),
                fields = compact(entry).as_deref(),
                "{}",
                entry.message
            )
        };
    }
    match entry.level {
        Level::TRACE => event!(Level::TRACE),
        Level::DEBUG => event!(Level::DEBUG),
        Level::INFO => event!(Level::INFO),
        Level::WARN => event!(Level::WARN),
        Level::ERROR => event!(Level::ERROR),
    }
}

fn compact(entry: &LogEntry) -> Option<String> {
    (!entry.fields.is_empty()).then(|| Value::from(entry.fields.clone()).to_string())
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::log::layer::tests::{Shared, without_time};
    use crate::log::{HclogLayer, LogParser};

    /// A line of the plugin's stderr, and the event it becomes in the host, printed by our own layer.
    #[track_caller]
    fn check(line: &str, expected: &str) {
        let shared = Shared::default();
        let subscriber = tracing_subscriber::registry().with(HclogLayer::new(shared.clone()));
        tracing::subscriber::with_default(subscriber, || {
            emit(&LogParser::default().line(line), "greeter");
        });
        assert_eq!(without_time(&shared.text()), expected);
    }

    #[test]
    fn each_level_stays_what_it_is() {
        for level in ["trace", "debug", "info", "warn", "error"] {
            check(
                &format!(r#"{{"@level":"{level}","@message":"m"}}"#),
                &format!(
                    r#"{{"@level":"{level}","@message":"m","@module":"pintle::plugin","plugin":"greeter"}}"#
                ),
            );
        }
    }

    #[test]
    fn what_the_plugin_tells_besides_becomes_fields() {
        check(
            r#"{"@level":"info","@message":"m {} %s","@module":"a","@timestamp":"t","k":{"x":[1]}}"#,
            concat!(
                r#"{"@level":"info","@message":"m {} %s","@module":"pintle::plugin","#,
                r#""fields":"{\"k\":{\"x\":[1]}}","module":"a","plugin":"greeter","timestamp":"t"}"#
            ),
        );
    }
}
