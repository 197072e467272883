//! Follows a plugin's real stderr: its log, and its last words.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::LogTo;
use crate::log::{Line, LineSplitter, LogEntry, LogParser, emit};

/// How many of a plugin's last stderr lines errors carry.
pub const STDERR_TAIL_LINES: usize = 20;

/// How much of each of those lines is kept, in characters.
const TAIL_LINE_CHARS: usize = 1024;

/// A plugin's last stderr lines. A clone is the same lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct StderrTail {
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl StderrTail {
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }

    fn push(&self, text: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == STDERR_TAIL_LINES {
            lines.pop_front();
        }
        lines.push_back(shown(text));
    }
}

/// The beginning of a line, with everything escaped that could drive a
/// terminal: errors are printed where the log is not.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(TAIL_LINE_CHARS) {
        match c {
            '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_debug()),
            c => shown.push(c),
        }
    }
    shown
}

/// Reads stderr to its end: each line to the log, the last ones to the tail.
pub(super) async fn follow(
    mut stderr: impl AsyncRead + Unpin,
    program: String,
    logs: LogTo,
    tail: StderrTail,
) {
    let mut splitter = LineSplitter::default();
    let mut parser = LogParser::default();
    let mut take = |piece: Line<'_>| {
        let entry = parser.piece(&piece);
        tail.push(&last_word(&entry));
        match &logs {
            LogTo::Tracing => emit(&entry, &program),
            LogTo::Each(each) => each(&entry),
        }
    };
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
        splitter.push(&chunk[..read], &mut take);
        // A plugin that floods its log must not keep the host from its calls.
        tokio::task::yield_now().await;
    }
    splitter.finish(&mut take);
}

/// How a log entry reads among the last lines: its message, and its fields behind it.
fn last_word(entry: &LogEntry) -> String {
    let mut text = entry.message.clone();
    for (name, value) in &entry.fields {
        text.push_str(&format!(" {name}={value}"));
    }
    text
}
