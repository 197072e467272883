//! Whatever a plugin writes to its pipes.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use super::LogTo;
use super::first_line::{FirstLine, NoLine, PREAMBLE_LIMIT_BYTES};
use super::pipe::Pipes;
use super::stderr::{STDERR_TAIL_LINES, StderrReader, StderrTail, follow};
use crate::fuzzing::assert_fit_to_print;
use crate::fuzzing::peer::{Script, finish, poll_once};
use crate::handshake::HandshakeLine;
use crate::log::{LogEntry, SEPARATOR};
use crate::output::{Output, OutputTo};
use crate::panicked::Panicked;

/// A plugin's stdout from its start: perhaps a handshake line somewhere.
///
/// However it is cut, and however often the search is given up and begun again, the same line is
/// found; all else is output, none of it lost, and a bounded part of it is read.
pub fn first_line(bytes: &[u8]) {
    let whole = search(bytes, Script::whole(bytes));
    let cut = search(bytes, Script::cut(bytes));
    // Beyond the limit it matters how much was read at once.
    if bytes.len() <= PREAMBLE_LIMIT_BYTES {
        assert_eq!(whole, cut);
    }
}

/// What came of a search.
#[derive(Debug, PartialEq)]
struct Searched {
    line: Result<HandshakeLine, String>,
    before: Vec<u8>,
}

fn search(bytes: &[u8], mut stdout: Script) -> Searched {
    let before = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&before);
    let to = OutputTo::each(move |chunk: &[u8]| {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend_from_slice(chunk);
    });
    let output = Output::new("fuzzed".to_owned(), to, OutputTo::Discard);
    let mut search = FirstLine::new(&mut stdout, &output);
    let found = loop {
        // Dropped at every pause, so that what was read must be kept elsewhere.
        if let Poll::Ready(found) = poll_once(pin!(search.find())) {
            break found;
        }
    };
    let rest = match &found {
        Ok(_) | Err(NoLine::Unusable(_)) => search.into_rest(),
        Err(NoLine::Closed | NoLine::TooMuch) => {
            let printed = search.printed().unwrap_or_default();
            assert!(printed.len() < 4096, "{} bytes shown", printed.len());
            assert!(!printed.contains(char::is_control), "{printed:?}");
            Vec::new()
        }
    };
    let before = std::mem::take(&mut *before.lock().unwrap_or_else(PoisonError::into_inner));
    let read = &bytes[..stdout.said];
    assert!(read.len() <= PREAMBLE_LIMIT_BYTES + AT_ONCE_BYTES);
    assert!(read.starts_with(&before) && read.ends_with(&rest));
    let between = &read[before.len()..read.len() - rest.len()];
    let line = match found {
        Ok(line) => {
            // What tells it from the beginning of another line is neither line nor output.
            let between = between.strip_prefix(&[SEPARATOR]).unwrap_or(between);
            let text = std::str::from_utf8(between).expect("the line that was found");
            assert_eq!(HandshakeLine::parse(text.trim()).as_ref(), Ok(&line));
            Ok(line)
        }
        Err(NoLine::Unusable(error)) => {
            assert_fit_to_print(&error);
            Err(error.to_string())
        }
        Err(NoLine::Closed) => {
            assert_eq!((before.len(), read.len()), (bytes.len(), bytes.len()));
            Err("closed".to_owned())
        }
        Err(NoLine::TooMuch) => {
            assert!(between.is_empty() && before.len() > PREAMBLE_LIMIT_BYTES);
            Err("too much".to_owned())
        }
    };
    Searched { line, before }
}

/// How far beyond the limit the search may read.
const AT_ONCE_BYTES: usize = 256 * 1024;

/// A plugin's real stderr: a log in JSON, panics of Rust and Go, and all else.
///
/// However it is cut the same is made of it, and nothing that grows faster than what was written.
pub fn stderr(bytes: &[u8]) {
    crate::log::fuzzing::lines(bytes);
    let whole = followed(Script::whole(bytes));
    assert_eq!(whole, followed(Script::cut(bytes)));

    assert!(whole.printed.len() <= bytes.len());
    let kept: usize = whole.entries.iter().map(entry_bytes).sum();
    let most = (whole.entries.len() + bytes.len()) * KEPT_FOR_EACH_BYTE;
    assert!(kept <= most, "{kept} bytes of {}", bytes.len());
    assert!(whole.tail.len() <= STDERR_TAIL_LINES);
    for line in &whole.tail {
        assert!(line.len() <= TAIL_LINE_BYTES, "{} bytes", line.len());
        let fit = |c: char| c == '\t' || !c.is_control();
        assert!(line.chars().all(fit), "{line:?}");
    }
    if let Some(panicked) = whole.panicked {
        let text = panicked.to_string();
        assert!(text.len() < 4096 && !text.contains(char::is_control));
    }
}

/// What a host has made of a plugin's stderr when that has ended.
#[derive(Debug, PartialEq)]
struct Followed {
    entries: Vec<LogEntry>,
    /// What is no log, once the plugin has said that there is such.
    printed: Vec<u8>,
    tail: Vec<String>,
    panicked: Option<Panicked>,
    out_of_memory: bool,
}

fn followed(stderr: Script) -> Followed {
    let entries = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&entries);
    let each = move |entry: &LogEntry| {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(entry.clone());
    };
    let (tail, logs) = (StderrTail::default(), LogTo::Each(Arc::new(each)));
    let printed = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&printed);
    let print = OutputTo::each(move |chunk| {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend_from_slice(chunk);
    });
    let program = || "fuzzed".to_owned();
    let output = Output::new(program(), OutputTo::Discard, print);
    let reader = StderrReader::new(program(), logs, tail.clone(), output);
    finish(follow(Pipes::default().pipe(stderr), reader));
    Followed {
        entries: taken(&entries),
        printed: taken(&printed),
        tail: tail.lines(),
        panicked: tail.panicked(),
        out_of_memory: tail.out_of_memory(),
    }
}

fn taken<T>(heard: &Mutex<Vec<T>>) -> Vec<T> {
    std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner))
}

fn entry_bytes(entry: &LogEntry) -> usize {
    let words = [&entry.module, &entry.timestamp];
    let words: usize = words.into_iter().flatten().map(String::len).sum();
    let fields = serde_json::to_string(&entry.fields).map_or(0, |text| text.len());
    entry.message.len() + words + fields
}

/// A byte that is no Unicode becomes three, a short number a long one.
const KEPT_FOR_EACH_BYTE: usize = 8;

/// 1024 characters, each escaped at the longest.
const TAIL_LINE_BYTES: usize = 1024 * "\\u{10ffff}".len();
