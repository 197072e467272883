//! Whatever lines a log has.

use serde_json::Value;

use super::hclog::{self, Json};
use super::split::Part;
use super::{Line, LineSplitter, LogEntry, LogParser};
use crate::fuzzing::peer::pieces;

/// Cuts a log into short pieces of lines, and prints again what is structured in it.
///
/// The pieces are the same however the bytes come, never longer than they may be, and together
/// what came; an entry that is printed has one line and is read again equal.
pub(crate) fn lines(bytes: &[u8]) {
    let whole = split([bytes]);
    assert_eq!(whole, split(pieces(bytes)));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let lines = text.split_terminator('\n');
        let lines = lines.map(|line| line.strip_suffix('\r').unwrap_or(line));
        assert!(whole.lines.iter().eq(lines), "{:?}", whole.lines);
    }
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

/// What a log is cut into: entries, and its lines put together again.
#[derive(Debug, Default, PartialEq)]
struct Split {
    entries: Vec<LogEntry>,
    lines: Vec<String>,
}

fn split<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Split {
    let (mut splitter, mut parser) = (LineSplitter::with_limit(LIMIT_BYTES), LogParser::default());
    let mut split = Split::default();
    let mut take = |line: Line<'_>| {
        let text = line.text();
        // Each byte that is no Unicode becomes three.
        assert!(text.len() <= 3 * LIMIT_BYTES);
        match line.part() {
            Part::Whole | Part::First => split.lines.push(text.into_owned()),
            Part::Middle | Part::Last => {
                let begun = split.lines.last_mut();
                begun.expect("a first piece before this").push_str(&text);
            }
        }
        split.entries.push(parser.piece(&line));
    };
    for chunk in chunks {
        splitter.push(chunk, &mut take);
    }
    splitter.finish(&mut take);
    split
}

fn has_a_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(has_a_fraction),
        Value::Object(values) => values.values().any(has_a_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}
