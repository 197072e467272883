//! Follows a plugin's real stderr: its log, and its last words.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncRead;

use super::LogTo;
use super::pipe::Pipe;
use crate::guarded::guarded;
use crate::log::{Line, LineSplitter, LogEntry, LogParser, Sieve, Sifted, emit, is_mark};
use crate::output::{Output, OutputTo, StdioChannel};
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

/// Reads stderr to its end: what is the log to the log, what else is printed to the output, and
/// the last lines of all to the tail.
pub(super) async fn follow<R: AsyncRead + Unpin>(mut stderr: Pipe<R>, mut reader: StderrReader) {
    let mut sieve = Sieve::default();
    while let Some(chunk) = stderr.next().await {
        sieve.push(chunk, |sifted| reader.take(sifted));
        reader.output.room(StdioChannel::Stderr).await;
    }
    sieve.finish(|sifted| reader.take(sifted));
    reader.finish();
}

/// The outputs of a plugin that has its log in between what it prints to stderr: one whose first host,
/// which read the log, is gone.
pub(super) fn with_log(
    program: String,
    logs: LogTo,
    tail: StderrTail,
    [stdout, stderr]: [OutputTo; 2],
) -> Output {
    let output = Output::new(program.clone(), OutputTo::Discard, stderr);
    let mut reader = StderrReader::new(program, logs, tail, output.clone());
    reader.shared = true;
    let sifter = Mutex::new(Sifter {
        sieve: Sieve::default(),
        reader,
    });
    let sift = OutputTo::each(move |chunk| {
        let mut sifter = sifter.lock().unwrap_or_else(PoisonError::into_inner);
        let Sifter { sieve, reader } = &mut *sifter;
        sieve.push(chunk, |sifted| reader.take(sifted));
    });
    output.behind(stdout, sift)
}

/// A stderr that comes in chunks.
struct Sifter {
    sieve: Sieve,
    reader: StderrReader,
}

impl Drop for Sifter {
    fn drop(&mut self) {
        let Self { sieve, reader } = self;
        sieve.finish(|sifted| reader.take(sifted));
        reader.finish();
        reader.output.flush();
    }
}

/// Where the parts of a stderr go.
pub(super) struct StderrReader {
    program: String,
    logs: LogTo,
    tail: StderrTail,
    output: Output,
    /// What is no entry, in lines.
    lines: LineSplitter,
    parser: LogParser,
    /// Whether the plugin has said that not all of it is its log.
    shared: bool,
}

impl StderrReader {
    pub(super) fn new(program: String, logs: LogTo, tail: StderrTail, output: Output) -> Self {
        Self {
            program,
            logs,
            tail,
            output,
            lines: LineSplitter::default(),
            parser: LogParser::default(),
            shared: false,
        }
    }

    fn take(&mut self, sifted: Sifted<'_>) {
        match sifted {
            Sifted::Entry(entry) if is_mark(&entry) => {
                self.finish();
                self.shared = true;
            }
            Sifted::Entry(entry) => {
                self.tail.push(&entry);
                self.logs.take(&entry, &self.program);
            }
            Sifted::Rest(bytes) => {
                if self.shared {
                    self.output.push(StdioChannel::Stderr, bytes);
                }
                let mut lines = std::mem::take(&mut self.lines);
                lines.push(bytes, |line| self.line(&line));
                self.lines = lines;
            }
        }
    }

    /// A last line that was never ended.
    fn finish(&mut self) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.finish(|line| self.line(&line));
    }

    /// A line that is no entry: the log of a plugin that has no other stderr, and a last word of any.
    fn line(&mut self, line: &Line<'_>) {
        let entry = self.parser.piece(line);
        self.tail.push(&entry);
        if !self.shared {
            self.logs.take(&entry, &self.program);
        }
    }
}

impl LogTo {
    fn take(&self, entry: &LogEntry, program: &str) {
        match self {
            Self::Tracing => emit(entry, program),
            Self::Each(each) => guarded("the function that takes the log", || each(entry)),
        }
    }
}

/// How a log entry reads among the last lines: its message, and its fields behind it.
fn last_word(entry: &LogEntry) -> String {
    let mut text = entry.message.clone();
    for (name, value) in &entry.fields {
        text.push_str(&format!(" {name}={value}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::OutputTo;

    /// As the protocol page has it.
    const MARK: &str = "\u{1e}{\"@level\":\"trace\",\"@message\":\"stderr is read as it is from here \
                        on\",\"@stdio\":\"pipes\"}\n";

    /// What becomes of a stderr: messages of the log, output, and last words.
    #[track_caller]
    fn check(stderr: &str, log: &[&str], output: &str, last_words: &[&str]) {
        let heard: [Arc<Mutex<Vec<u8>>>; 2] = Default::default();
        let [logged, printed] = heard.clone();
        let logs = LogTo::Each(Arc::new(move |entry: &LogEntry| {
            let mut logged = logged.lock().unwrap();
            logged.extend_from_slice(format!("{};", entry.message).as_bytes());
        }));
        let to = OutputTo::each(move |chunk| printed.lock().unwrap().extend_from_slice(chunk));
        let output_of = Output::new("plugin".to_owned(), OutputTo::Discard, to);
        let tail = StderrTail::default();
        let mut reader = StderrReader::new("plugin".to_owned(), logs, tail.clone(), output_of);
        let mut sieve = Sieve::default();
        sieve.push(stderr.as_bytes(), |sifted| reader.take(sifted));
        sieve.finish(|sifted| reader.take(sifted));
        reader.finish();
        let [logged, printed] = heard.map(|heard| {
            let heard = std::mem::take(&mut *heard.lock().unwrap());
            String::from_utf8(heard).unwrap()
        });
        let log: String = log.iter().map(|message| format!("{message};")).collect();
        assert_eq!((logged, printed), (log, output.to_owned()));
        assert_eq!(tail.lines(), last_words);
    }

    #[test]
    fn all_of_it_is_the_log_of_a_plugin_that_does_not_say_otherwise() {
        check(
            "a\n{\"@level\":\"info\",\"@message\":\"b\",\"c\":1}\nd",
            &["a", "b", "d"],
            "",
            &["a", "b c=1", "d"],
        );
    }

    #[test]
    fn from_the_mark_on_only_entries_are_the_log_and_the_last_words_are_of_both() {
        let entry = "{\"@level\":\"info\",\"@message\":\"b\"}\n";
        check(
            &format!("a{MARK}c\n{entry}d\u{1e}{entry}e"),
            &["a", "b", "b"],
            "c\nde",
            &["a", "c", "b", "b", "de"],
        );
    }

    #[test]
    fn who_takes_it_may_panic_and_gets_what_comes_next() {
        let heard: [Arc<Mutex<usize>>; 2] = Default::default();
        let [logged, printed] = heard.clone();
        let count = |count: &Mutex<usize>| *count.lock().unwrap() += 1;
        let logs = LogTo::Each(Arc::new(move |_: &LogEntry| {
            count(&logged);
            panic!("asked to panic");
        }));
        let to = OutputTo::each(move |_| {
            count(&printed);
            panic!("asked to panic");
        });
        let output = Output::new("plugin".to_owned(), OutputTo::Discard, to);
        let tail = StderrTail::default();
        let mut reader = StderrReader::new("plugin".to_owned(), logs, tail.clone(), output);
        let mut sieve = Sieve::default();
        for text in ["a\nb\n", MARK, "c\n", "d\n"] {
            sieve.push(text.as_bytes(), |sifted| reader.take(sifted));
        }
        assert_eq!(heard.map(|heard| *heard.lock().unwrap()), [2, 2]);
        assert_eq!(tail.lines(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn the_protocol_page_tells_the_truth_about_the_mark() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
        let page = std::fs::read_to_string(page).unwrap();
        assert!(page.contains(MARK.trim_start_matches('\u{1e}').trim()));
        #[cfg(unix)]
        {
            let mut own = crate::log::mark();
            own.timestamp = None;
            assert_eq!(own.into_line(), MARK.trim_start_matches('\u{1e}'));
        }
    }
}
