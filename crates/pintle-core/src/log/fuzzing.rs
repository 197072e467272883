//! Whatever lines a log has.

use serde_json::Value;

use super::hclog::{self, Json};
use super::{Line, LineSplitter, LogEntry, LogParser};
use crate::fuzzing::peer::pieces;

/// Cuts a log into short pieces of lines, and prints again what is structured in it.
///
/// The pieces are the same however the bytes come, and never longer than they may be; an entry that
/// is printed has one line and is read again equal.
pub(crate) fn lines(bytes: &[u8]) {
    assert_eq!(split([bytes]), split(pieces(bytes)));
    for line in bytes.split(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let Json::Entry(entry) = hclog::read(&text) else {
            continue;
        };
        let printed = hclog::print(entry.clone());
        assert!(!printed.contains('\n'));
        let read = hclog::read(&printed);
        // The JSON reader takes a number with a fraction for one beside it now and then.
        if entry.fields.values().any(has_a_fraction) {
            assert!(matches!(read, Json::Entry(_)), "{printed}");
        } else {
            assert_eq!(read, Json::Entry(entry), "{printed}");
        }
    }
}

const LIMIT_BYTES: usize = 64;

fn split<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<LogEntry> {
    let (mut splitter, mut parser) = (LineSplitter::with_limit(LIMIT_BYTES), LogParser::default());
    let mut entries = Vec::new();
    let mut take = |line: Line<'_>| {
        // Each byte that is no Unicode becomes three.
        assert!(line.text().len() <= 3 * LIMIT_BYTES);
        entries.push(parser.piece(&line));
    };
    for chunk in chunks {
        splitter.push(chunk, &mut take);
    }
    splitter.finish(&mut take);
    entries
}

fn has_a_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(has_a_fraction),
        Value::Object(values) => values.values().any(has_a_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}
