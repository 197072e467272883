//! Follows a plugin's real stderr: its log, and its last words.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::LogTo;
use crate::log::{Line, LineSplitter, LogEntry, LogParser, emit};
use crate::panicked::{PanicReader, Panicked};

/// How many of a plugin's last stderr lines errors carry.
pub const STDERR_TAIL_LINES: usize = 20;

/// How much of each of those lines is kept, in characters.
const TAIL_LINE_CHARS: usize = 1024;

/// A plugin's last stderr lines, and what they tell of its end. A clone is the same lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct StderrTail {
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    lines: VecDeque<String>,
    panics: PanicReader,
}

impl StderrTail {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lock().lines.iter().cloned().collect()
    }

    /// The last panic it told of, however many lines ago.
    pub(crate) fn panicked(&self) -> Option<Panicked> {
        self.lock().panics.found()
    }

    /// Whether it said that memory was refused to it.
    pub(crate) fn out_of_memory(&self) -> bool {
        self.lock().panics.out_of_memory()
    }

    fn push(&self, entry: &LogEntry) {
        let mut heard = self.lock();
        heard.panics.line(&entry.message);
        if heard.lines.len() == STDERR_TAIL_LINES {
            heard.lines.pop_front();
        }
        heard.lines.push_back(shown(&last_word(entry)));
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
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
        tail.push(&entry);
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
