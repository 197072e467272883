//! The JSON form of a log line: an entry to text and back.

use serde_json::{Map, Value};
use tracing::Level;

use crate::log::LogEntry;

const LEVEL: &str = "@level";
const MESSAGE: &str = "@message";
const MODULE: &str = "@module";
const TIMESTAMP: &str = "@timestamp";

/// What a line is, seen as JSON.
#[derive(Debug, PartialEq)]
pub(super) enum Json {
    /// An entry of a log.
    Entry(LogEntry),
    /// An object of another kind: it names no level that we know.
    Other,
    /// No object, or no JSON at all.
    None,
}

/// Reads a line. The JSON reader bounds the depth, the caller the length.
pub(super) fn read(line: &str) -> Json {
    let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(line) else {
        return Json::None;
    };
    let Some(level) = fields.get(LEVEL).and_then(Value::as_str).and_then(level) else {
        return Json::Other;
    };
    fields.remove(LEVEL);
    let message = match fields.remove(MESSAGE) {
        Some(Value::String(message)) => message,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let module = take_text(&mut fields, MODULE);
    let timestamp = take_text(&mut fields, TIMESTAMP);
    Json::Entry(LogEntry {
        level,
        message,
        module,
        timestamp,
        fields,
    })
}

/// The entry as a line, without its end.
///
/// What the entry says of itself wins over fields of the same names.
pub(super) fn print(entry: LogEntry) -> String {
    let LogEntry {
        level,
        message,
        module,
        timestamp,
        mut fields,
    } = entry;
    fields.insert(LEVEL.to_owned(), name(level).into());
    // Always text: a host of go-plugin panics at anything else.
    fields.insert(MESSAGE.to_owned(), message.into());
    for (key, text) in [(MODULE, module), (TIMESTAMP, timestamp)] {
        if let Some(text) = text {
            fields.insert(key.to_owned(), text.into());
        }
    }
    Value::Object(fields).to_string()
}

/// A text by its name; what is no text stays among the fields.
fn take_text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    let text = fields.get_mut(name).and_then(|value| match value {
        Value::String(text) => Some(std::mem::take(text)),
        _ => None,
    })?;
    fields.remove(name);
    Some(text)
}

fn name(level: Level) -> &'static str {
    match level {
        Level::TRACE => "trace",
        Level::DEBUG => "debug",
        Level::INFO => "info",
        Level::WARN => "warn",
        Level::ERROR => "error",
    }
}

fn level(name: &str) -> Option<Level> {
    let levels = [
        Level::TRACE,
        Level::DEBUG,
        Level::INFO,
        Level::WARN,
        Level::ERROR,
    ];
    levels
        .into_iter()
        .find(|level| self::name(*level).eq_ignore_ascii_case(name.trim()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::handshake::odd::odd;

    /// What is left of a line after it was read and printed; the name of the kind if it is no entry.
    #[track_caller]
    fn check(line: &str, expected: &str) {
        let found = match read(line) {
            Json::Entry(entry) => print(entry),
            kind => format!("{kind:?}"),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn an_entry_keeps_all_that_it_tells() {
        let line = r#"{"@level":"warn","@message":"m","@module":"a.b","@timestamp":"t","k":[1,{"x":null}]}"#;
        check(line, line);
        let Json::Entry(entry) = read(line) else {
            panic!("an entry")
        };
        assert_eq!((entry.level, &*entry.message), (Level::WARN, "m"));
        assert_eq!(
            (entry.module.as_deref(), entry.timestamp.as_deref()),
            (Some("a.b"), Some("t"))
        );
        assert_eq!(
            Value::Object(entry.fields).to_string(),
            r#"{"k":[1,{"x":null}]}"#
        );
    }

    #[test]
    fn a_level_is_known_in_any_case() {
        check(
            r#"{"@level":" ERROR "}"#,
            r#"{"@level":"error","@message":""}"#,
        );
        check(
            r#"{"@level":"Trace"}"#,
            r#"{"@level":"trace","@message":""}"#,
        );
    }

    #[test]
    fn a_message_that_is_no_text_is_shown_as_json() {
        let line = r#"{"@level":"info","@message":{"a":1}}"#;
        check(line, r#"{"@level":"info","@message":"{\"a\":1}"}"#);
    }

    #[test]
    fn a_module_or_time_that_is_no_text_stays_a_field() {
        let line = r#"{"@level":"info","@message":"","@module":7,"@timestamp":null}"#;
        check(line, line);
    }

    #[test]
    fn json_without_a_known_level_is_no_entry() {
        for line in [
            "{}",
            r#"{"level":"info","msg":"of another logger"}"#,
            r#"{"@level":"off"}"#,
            r#"{"@level":""}"#,
            r#"{"@level":3}"#,
        ] {
            check(line, "Other");
        }
        for line in [
            "",
            "text",
            "null",
            "3",
            r#"["@level"]"#,
            r#"{"@level":"info""#,
            "{} {}",
        ] {
            check(line, "None");
        }
    }

    #[test]
    fn deep_json_is_refused_and_does_not_exhaust_the_stack() {
        check(
            &format!(r#"{{"@level":"info","x":{}"#, "[".repeat(60_000)),
            "None",
        );
        check(&r#"{"a":"#.repeat(13_000), "None");
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            odd("a\"\\\n\0ü{}", 0..=8).prop_map(Value::from),
            odd("a\"\\\n\0ü{}", 0..=8).prop_map(|text| serde_json::json!([text, { "x": 1.5 }])),
        ]
    }

    fn entry() -> impl Strategy<Value = LogEntry> {
        let text = || odd("a \"\\\n\x1bü@{}", 0..=16);
        let optional = || proptest::option::of(text());
        let fields = proptest::collection::vec((odd("ab@.\"", 0..=8), value()), 0..3);
        (0..5usize, text(), optional(), optional(), fields).prop_map(
            |(level, message, module, timestamp, fields)| LogEntry {
                level: [
                    Level::TRACE,
                    Level::DEBUG,
                    Level::INFO,
                    Level::WARN,
                    Level::ERROR,
                ][level],
                message,
                module,
                timestamp,
                fields: fields.into_iter().collect(),
            },
        )
    }

    proptest! {
        #![proptest_config(crate::long::cases())]

        #[test]
        fn a_printed_entry_is_read_back_equal(entry in entry()) {
            let line = print(entry.clone());
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(read(&line), Json::Entry(entry));
        }
    }
}
