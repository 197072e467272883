//! Where a plugin panicked, as its stderr tells it.

use std::fmt;

use crate::excerpt::excerpt;

/// A panic that a plugin wrote about to its stderr, in Rust's words or in Go's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    message: String,
    place: Option<String>,
}

impl Panicked {
    /// The first line of the message, escaped and bounded.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file and line, `src/main.rs:7:9` or `/home/me/plugin/main.go:7`, if it was told.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "it panicked at {place}: {}", self.message),
            None => write!(f, "it panicked: {}", self.message),
        }
    }
}

/// Finds panics in the lines of a plugin's stderr. The last one counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct PanicReader {
    found: Option<Panicked>,
    expecting: Expecting,
    out_of_memory: bool,
}

/// What the lines after the first tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expecting {
    #[default]
    Nothing,
    /// Rust's own hook names the place first.
    Message,
    /// Go, and a plugin of pintle's, name it after the message.
    Place,
}

impl PanicReader {
    /// Takes the next line, without its end.
    pub(crate) fn line(&mut self, text: &str) {
        self.out_of_memory |= says_out_of_memory(text);
        let message = ["panic: ", "fatal error: "]
            .iter()
            .find_map(|begin| text.strip_prefix(begin));
        if let Some(message) = message {
            self.begin(message, None, Expecting::Place);
        } else if let Some(place) = place_of_rust(text) {
            self.begin("", Some(place), Expecting::Message);
        } else if let Some(found) = &mut self.found {
            match self.expecting {
                Expecting::Nothing => {}
                Expecting::Message => {
                    found.message = excerpt(text);
                    self.expecting = Expecting::Nothing;
                }
                Expecting::Place => {
                    if let Some(place) = place_of_pintle(text).or_else(|| place_of_go(text)) {
                        found.place = Some(excerpt(place));
                        self.expecting = Expecting::Nothing;
                    }
                }
            }
        }
    }

    /// The last panic so far.
    pub(crate) fn found(&self) -> Option<Panicked> {
        self.found.clone()
    }

    /// Whether the plugin said itself that memory was refused to it.
    pub(crate) fn out_of_memory(&self) -> bool {
        self.out_of_memory
    }

    fn begin(&mut self, message: &str, place: Option<&str>, expecting: Expecting) {
        self.found = Some(Panicked {
            message: excerpt(message),
            place: place.map(excerpt),
        });
        self.expecting = expecting;
    }
}

/// `thread 'main' (4711) panicked at src/main.rs:7:9:`; the number is there since Rust 1.91.
fn place_of_rust(text: &str) -> Option<&str> {
    let (_, place) = text.strip_prefix("thread '")?.split_once(" panicked at ")?;
    Some(place.strip_suffix(':').unwrap_or(place))
}

/// `thread 'main' at src/main.rs:7:9`, as our own hook has it.
fn place_of_pintle(text: &str) -> Option<&str> {
    let (_, place) = text.strip_prefix("thread '")?.split_once("' at ")?;
    Some(place)
}

/// `<tab>/home/me/plugin/main.go:7 +0x1d`: the first line of the stack that is not the runtime's.
fn place_of_go(text: &str) -> Option<&str> {
    let place = text.strip_prefix('\t')?;
    let place = place.split_once(" +0x").map_or(place, |(place, _)| place);
    let (file, line) = place.rsplit_once(':')?;
    let is_place = file.ends_with(".go") && line.parse::<u32>().is_ok();
    (is_place && !file.contains("/src/runtime/")).then_some(place)
}

/// What an allocation that fails says in Rust, and in Go.
fn says_out_of_memory(text: &str) -> bool {
    let rust = text.starts_with("memory allocation of ") && text.ends_with(" bytes failed");
    let go = [
        "runtime: out of memory",
        "fatal error: runtime: out of memory",
    ];
    rust || go.iter().any(|begin| text.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stderr: &str, expected: Option<&str>) {
        let mut reader = PanicReader::default();
        stderr.lines().for_each(|line| reader.line(line));
        let found = reader.found().map(|found| found.to_string());
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn a_panic_in_rusts_words_is_found_with_its_place() {
        let expected = Some("it panicked at src/main.rs:7:9: out of cheese");
        check(
            "starting\nthread 'main' panicked at src/main.rs:7:9:\nout of cheese\nnote: run with",
            expected,
        );
        check(
            "thread 'a 'b' (4711) panicked at src/main.rs:7:9:\nout of cheese\n",
            expected,
        );
        check(
            "panic: out of cheese\n\nthread 'main' at src/main.rs:7:9\n",
            expected,
        );
    }

    #[test]
    fn a_panic_in_gos_words_is_found_with_the_first_place_that_is_not_the_runtimes() {
        check(
            "panic: runtime error: index out of range [5] with length 3\n\
             [recovered]\n\
             \n\
             goroutine 1 [running]:\n\
             panic({0x45e0a0?, 0xc00001c0a8?})\n\
             \t/usr/local/go/src/runtime/panic.go:792 +0x132\n\
             main.main()\n\
             \t/home/me/plugin/main.go:7 +0x1d\n\
             main.other()\n\
             \t/home/me/plugin/other.go:8 +0x1d\n",
            Some(
                "it panicked at /home/me/plugin/main.go:7: \
                 runtime error: index out of range [5] with length 3",
            ),
        );
        check(
            "fatal error: all goroutines are asleep - deadlock!\n",
            Some("it panicked: all goroutines are asleep - deadlock!"),
        );
    }

    #[test]
    fn the_last_of_several_panics_counts() {
        check(
            "panic: one\n\nthread 'a' at a.rs:1:1\npanic: two\n\nthread 'b' at b.rs:2:2\n",
            Some("it panicked at b.rs:2:2: two"),
        );
    }

    #[test]
    fn lines_that_tell_of_no_panic_are_none() {
        check("", None);
        check("no panic: here\nthread 'main' at work\n\tmain.go:7\n", None);
    }

    #[test]
    fn nothing_in_it_can_drive_a_terminal_or_grow_without_bound() {
        let mut reader = PanicReader::default();
        reader.line(&format!("panic: \u{1b}[2J{}", "a".repeat(100_000)));
        reader.line(&format!("\t/{}.go:7", "a".repeat(100_000)));
        let found = reader.found().unwrap().to_string();
        assert!(found.len() < 600 && !found.contains('\u{1b}'), "{found}");
    }

    #[test]
    fn a_failed_allocation_is_known_in_rusts_words_and_in_gos() {
        for (text, expected) in [
            ("memory allocation of 1073741824 bytes failed", true),
            ("fatal error: runtime: out of memory", true),
            (
                "runtime: out of memory: cannot allocate 4194304-byte block",
                true,
            ),
            ("no memory allocation of 3 bytes failed yet", false),
        ] {
            let mut reader = PanicReader::default();
            reader.line(text);
            assert_eq!(reader.out_of_memory(), expected, "{text}");
        }
    }
}
