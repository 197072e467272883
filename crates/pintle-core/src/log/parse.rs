//! A plugin's stderr, line by line, to entries of its log.

use tracing::Level;

use crate::log::LogEntry;
use crate::log::hclog::{self, Json};
use crate::log::split::{Line, Part};

/// What a line begins with to set its level. It stays in the message.
const TAGS: [(&str, Level); 5] = [
    ("[TRACE]", Level::TRACE),
    ("[DEBUG]", Level::DEBUG),
    ("[INFO]", Level::INFO),
    ("[WARN]", Level::WARN),
    ("[ERROR]", Level::ERROR),
];

/// What the last words of a process begin with.
const LAST_WORDS: [&str; 2] = ["panic: ", "fatal error: "];

/// Reads the lines of one plugin's stderr.
///
/// A line that is no entry of a log is one all the same: its text at debug
/// level, or at the level of its tag. From a panic on, lines without a tag are
/// errors, for they are its stack.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogParser {
    panicking: bool,
    /// The level of the long line that is coming in pieces.
    pieces: Option<Level>,
}

impl LogParser {
    /// Takes what the splitter gives: a line, or a piece of one.
    ///
    /// Pieces have the level of the beginning of their line. They are never
    /// taken for JSON: no piece of an object is one.
    pub(crate) fn piece(&mut self, line: &Line<'_>) -> LogEntry {
        let text = line.text();
        match line.part() {
            Part::Whole => self.line(&text),
            Part::First => {
                let level = self.level(&text);
                self.pieces = Some(level);
                LogEntry::plain(level, &text)
            }
            Part::Middle | Part::Last => {
                LogEntry::plain(self.pieces.unwrap_or(Level::DEBUG), &text)
            }
        }
    }

    /// Takes a whole line, without its end.
    pub(crate) fn line(&mut self, text: &str) -> LogEntry {
        match hclog::read(text) {
            Json::Entry(entry) => entry,
            Json::Other => LogEntry::plain(Level::DEBUG, text),
            Json::None => LogEntry::plain(self.level(text), text),
        }
    }

    fn level(&mut self, text: &str) -> Level {
        let tag = TAGS.into_iter().find(|(tag, _)| text.starts_with(tag));
        self.panicking |= LAST_WORDS.into_iter().any(|begin| text.starts_with(begin));
        match tag {
            Some((_, level)) => level,
            None if self.panicking => Level::ERROR,
            None => Level::DEBUG,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::handshake::odd::odd;
    use crate::log::LineSplitter;

    /// The plugin's stderr, and what the host makes of it: level, module, message and fields.
    #[track_caller]
    fn check(stderr: &str, expected: &[&str]) {
        let mut parser = LogParser::default();
        let mut splitter = LineSplitter::with_limit(64);
        let mut found = Vec::new();
        let mut take = |line: Line<'_>| {
            let LogEntry {
                level,
                message,
                module,
                fields,
                ..
            } = parser.piece(&line);
            let module = module
                .map(|module| format!(" {module}:"))
                .unwrap_or_default();
            let fields: Vec<_> = fields.iter().map(|(k, v)| format!(" {k}={v}")).collect();
            found.push(format!("{level}{module} {message}{}", fields.concat()));
        };
        splitter.push(stderr.as_bytes(), &mut take);
        splitter.finish(&mut take);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_structured_line_is_an_entry() {
        check(
            r#"{"@level":"info","@message":"hi","@module":"m","k":[1]}"#,
            &["INFO m: hi k=[1]"],
        );
    }

    #[test]
    fn a_tag_sets_the_level_and_stays() {
        check(
            "[TRACE] a\n[DEBUG] b\n[INFO] c\n[WARN] d\n[ERROR] e\n",
            &[
                "TRACE [TRACE] a",
                "DEBUG [DEBUG] b",
                "INFO [INFO] c",
                "WARN [WARN] d",
                "ERROR [ERROR] e",
            ],
        );
    }

    #[test]
    fn all_else_is_debug_and_verbatim() {
        check(
            "text\n [INFO] not at the beginning\n[info] not a tag\n\n{\"msg\":1}\n[1]\nnull\n",
            &[
                "DEBUG text",
                "DEBUG  [INFO] not at the beginning",
                "DEBUG [info] not a tag",
                "DEBUG ",
                "DEBUG {\"msg\":1}",
                "DEBUG [1]",
                "DEBUG null",
            ],
        );
    }

    #[test]
    fn from_a_panic_on_lines_without_a_tag_are_errors() {
        check(
            "before\npanic: oh\n\ngoroutine 1\n[INFO] tagged\n{\"@level\":\"warn\"}\n{\"x\":1}\nafter",
            &[
                "DEBUG before",
                "ERROR panic: oh",
                "ERROR ",
                "ERROR goroutine 1",
                "INFO [INFO] tagged",
                "WARN ",
                "DEBUG {\"x\":1}",
                "ERROR after",
            ],
        );
        check("fatal error: x\ny", &["ERROR fatal error: x", "ERROR y"]);
        check("a panic: no\ny", &["DEBUG a panic: no", "DEBUG y"]);
    }

    #[test]
    fn a_long_line_has_one_level() {
        let (a, b) = ("a".repeat(60), "b".repeat(60));
        check(
            &format!("[WARN]{a}{b}\nnext"),
            &[
                &format!("WARN [WARN]{}", &a[..58]),
                &format!("WARN aa{b}"),
                "DEBUG next",
            ],
        );
        check(
            &format!("panic: {a}\nstack"),
            &[
                &format!("ERROR panic: {}", &a[..57]),
                "ERROR aaa",
                "ERROR stack",
            ],
        );
        check(
            &format!("{{\"@level\":\"error\",\"@message\":\"{a}\"}}"),
            &[
                &format!("DEBUG {{\"@level\":\"error\",\"@message\":\"{}", &a[..34]),
                &format!("DEBUG {}\"}}", &a[34..]),
            ],
        );
    }

    proptest! {
        #![proptest_config(crate::long::cases())]

        #[test]
        fn no_line_panics_and_none_is_lost(
            line in prop_oneof![
                odd("[]{}\":,@ aAE\\0\nü", 0..=32),
                odd("\"{}[]:,01e-\\tu", 0..=24)
                    .prop_map(|rest| format!("{{\"@level\":\"info\",\"@message\":{rest}}}")),
                odd("] IaNFO", 0..=8).prop_map(|rest| format!("[INFO{rest}")),
            ],
        ) {
            let mut parser = LogParser::default();
            let entry = parser.line(&line);
            match hclog::read(&line) {
                Json::Entry(read) => prop_assert_eq!(entry, read),
                _ => prop_assert_eq!(entry.message, line),
            }
        }
    }
}
