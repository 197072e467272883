//! Bytes of a plugin's stderr in; entries of its log, and whatever else was written, out.

use crate::log::LogEntry;
use crate::log::hclog::{self, Json};

/// What a plugin of ours writes before an entry, so that it is found behind the beginning of
/// another line, too: RFC 7464's record separator. No JSON text contains it.
pub(crate) const SEPARATOR: u8 = 0x1e;

/// What an entry begins with.
const BEGIN: &[u8] = b"{\"";

/// The longest entry that is known as one, in bytes with its separator; as with
/// [`LineSplitter`](crate::log::LineSplitter), it is go-plugin's.
const ENTRY_LIMIT_BYTES: usize = 64 * 1024;

/// Takes the entries of a log out of a stream of bytes, and leaves every other byte as it is.
///
/// An entry is a line that is a JSON object with a known `@level`, from the beginning of a line or
/// from a [separator](SEPARATOR) on. Only what may yet become one is held back.
#[derive(Debug)]
pub(crate) struct Sieve {
    limit: usize,
    /// What may become an entry: a separator if there was one, and what has come behind it.
    held: Vec<u8>,
    /// Whether the next byte begins a line.
    at_start: bool,
}

/// What falls out of a [`Sieve`].
#[derive(Debug)]
pub(crate) enum Sifted<'a> {
    /// An entry of the log.
    Entry(LogEntry),
    /// All else, as it came.
    Rest(&'a [u8]),
}

impl Default for Sieve {
    fn default() -> Self {
        Self::with_limit(ENTRY_LIMIT_BYTES)
    }
}

impl Sieve {
    fn with_limit(limit_bytes: usize) -> Self {
        Self {
            limit: limit_bytes,
            held: Vec::new(),
            at_start: true,
        }
    }

    /// Takes a chunk in and gives what is decided by it, in order.
    pub(crate) fn push(&mut self, mut chunk: &[u8], mut each: impl FnMut(Sifted<'_>)) {
        while !chunk.is_empty() {
            let taken = match self.held.len() {
                0 => self.pass(chunk, &mut each),
                _ => self.hold(chunk, &mut each),
            };
            chunk = &chunk[taken..];
        }
    }

    /// Gives what was held back at the end of the stream.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(Sifted<'_>)) {
        self.decide(&mut each);
    }

    /// Lets everything pass up to what may be an entry, and begins to hold that. How much of the
    /// chunk was taken.
    fn pass(&mut self, chunk: &[u8], each: &mut impl FnMut(Sifted<'_>)) -> usize {
        let mut at_start = self.at_start;
        let begin = chunk.iter().position(|byte| {
            let begins = *byte == SEPARATOR || (at_start && *byte == BEGIN[0]);
            at_start = *byte == b'\n';
            begins
        });
        let plain = begin.unwrap_or(chunk.len());
        if plain > 0 {
            self.at_start = chunk[plain - 1] == b'\n';
            each(Sifted::Rest(&chunk[..plain]));
        }
        match begin {
            Some(begin) => {
                self.held.push(chunk[begin]);
                begin + 1
            }
            None => plain,
        }
    }

    /// Adds to what is held, up to where it is decided. How much of the chunk was taken.
    fn hold(&mut self, chunk: &[u8], each: &mut impl FnMut(Sifted<'_>)) -> usize {
        let begun = self.held.strip_prefix(&[SEPARATOR]).unwrap_or(&self.held);
        if let Some(expected) = BEGIN.get(begun.len()) {
            if chunk[0] != *expected {
                // It is looked at again: it may begin an entry itself.
                self.release(each);
                return 0;
            }
            self.held.push(chunk[0]);
            return 1;
        }
        let room = self.limit.saturating_sub(self.held.len());
        let chunk = &chunk[..chunk.len().min(room)];
        match chunk.iter().position(|b| *b == b'\n' || *b == SEPARATOR) {
            Some(end) if chunk[end] == b'\n' => {
                self.held.extend_from_slice(&chunk[..=end]);
                self.decide(each);
                end + 1
            }
            // Another entry begins in the middle of this: it is none.
            Some(end) => {
                self.held.extend_from_slice(&chunk[..end]);
                self.release(each);
                end
            }
            None => {
                self.held.extend_from_slice(chunk);
                if self.held.len() >= self.limit {
                    self.release(each);
                }
                chunk.len()
            }
        }
    }

    /// A whole line is held, or the last one: it is an entry, or it is not.
    fn decide(&mut self, each: &mut impl FnMut(Sifted<'_>)) {
        let line = self.held.strip_prefix(&[SEPARATOR]).unwrap_or(&self.held);
        match hclog::read(&String::from_utf8_lossy(line)) {
            Json::Entry(entry) => {
                self.held.clear();
                self.at_start = true;
                each(Sifted::Entry(entry));
            }
            Json::Other | Json::None => self.release(each),
        }
    }

    /// Lets go of what is no entry.
    fn release(&mut self, each: &mut impl FnMut(Sifted<'_>)) {
        if let Some(last) = self.held.last() {
            self.at_start = *last == b'\n';
            each(Sifted::Rest(&self.held));
            self.held.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::handshake::odd::odd;

    const LIMIT: usize = 40;

    /// The messages of the entries, each followed by a comma, and everything else.
    fn sift(chunks: &[&[u8]]) -> (String, Vec<u8>) {
        let mut sieve = Sieve::with_limit(LIMIT);
        let (mut entries, mut rest) = (String::new(), Vec::new());
        let mut take = |sifted: Sifted<'_>| match sifted {
            Sifted::Entry(entry) => entries += &format!("{},", entry.message),
            Sifted::Rest(bytes) => rest.extend_from_slice(bytes),
        };
        for chunk in chunks {
            sieve.push(chunk, &mut take);
            assert!(sieve.held.len() < LIMIT);
        }
        sieve.finish(&mut take);
        (entries, rest)
    }

    /// However the text is cut, these are the entries and this is the rest.
    #[track_caller]
    fn check(text: &str, entries: &str, rest: &str) {
        let text = text.replace("E(", r#"{"@level":"info","@message":""#);
        let text = text.replace(")E", "\"}\n").replace('^', "\u{1e}");
        let expected = (entries.to_owned(), rest.replace('^', "\u{1e}").into_bytes());
        let bytes = text.as_bytes();
        assert_eq!(sift(&[bytes]), expected);
        assert_eq!(sift(&bytes.chunks(1).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn a_line_that_is_an_entry_is_taken_out() {
        check("a\nE(1)EE(2)Eb\n", "1,2,", "a\nb\n");
        check("E(1)E", "1,", "");
        check("{\"@level\":\"info\"}", ",", "");
        check("{\"@level\":\"info\"}\r\nx", ",", "x");
    }

    #[test]
    fn what_is_no_entry_stays_as_it_is() {
        for text in [
            "",
            "\n\n",
            "no end",
            "{\n \"@level\": \"info\"\n}\n",
            "{\"a\":1}\n",
            "{\"@level\":\"loud\"}\n",
            "{}",
            "{",
            "{\"",
            "^",
            "^^{^{\"^",
            "^{\"a\":1}\n^",
            "{\"@level\":\"info\"} and more\n",
        ] {
            check(text, "", text);
        }
        check("aE(1)E", "", "a{\"@level\":\"info\",\"@message\":\"1\"}\n");
    }

    #[test]
    fn a_separated_entry_is_found_within_a_line() {
        check("wait..^E(1)E.done\n", "1,", "wait...done\n");
        check("^E(1)E^E(2)E", "1,2,", "");
        check("^x^^E(1)E", "1,", "^x^");
        check("{\"half^E(1)E", "1,", "{\"half");
    }

    #[test]
    fn no_more_is_held_back_than_the_longest_entry() {
        let long = format!("{{\"{}\"}}\n", "a".repeat(LIMIT));
        check(&long, "", &long);
        check(&format!("{long}E(1)E"), "1,", &long);
    }

    #[test]
    fn what_cannot_become_an_entry_is_not_held_back() {
        let mut sieve = Sieve::default();
        let mut passed = Vec::new();
        sieve.push(b"{x {\"", |sifted| match sifted {
            Sifted::Rest(bytes) => passed.extend_from_slice(bytes),
            Sifted::Entry(entry) => panic!("{entry:?}"),
        });
        assert_eq!(passed, b"{x {\"");
    }

    proptest! {
        #![proptest_config(crate::long::cases())]

        #[test]
        fn nothing_but_entries_is_taken_out_however_it_is_cut(
            parts in proptest::collection::vec(prop_oneof![
                odd("{}\"\n\u{1e}a", 0..=8).prop_map(|text| (text, 0)),
                Just(("\u{1e}{\"@level\":\"info\"}\n".to_owned(), 1)),
            ], 0..8),
            cuts in any::<[proptest::sample::Index; 3]>(),
        ) {
            let text: String = parts.iter().map(|(text, _)| text.as_str()).collect();
            let separated: usize = parts.iter().map(|(_, entries)| entries).sum();
            let others: usize = parts.iter().filter(|part| part.1 == 0).map(|part| part.0.len()).sum();
            let mut cuts = cuts.map(|cut| cut.index(text.len() + 1));
            cuts.sort_unstable();
            let bytes = text.as_bytes();
            let [a, b, c] = cuts;
            let (entries, rest) = sift(&[&bytes[..a], &bytes[a..b], &bytes[b..c], &bytes[c..]]);
            prop_assert_eq!((entries.len(), rest.len()), (separated, others));
        }
    }
}
