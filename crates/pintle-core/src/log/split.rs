//! Chunks of bytes in, lines out, in bounded memory.

use std::borrow::Cow;

/// The longest line that stays in one piece, in bytes, unless another bound is given.
///
/// It is go-plugin's: a line that its host reads whole, ours does too.
const LINE_LIMIT_BYTES: usize = 64 * 1024;

/// The longest UTF-8 encoding of a character, in bytes: no piece can be shorter.
const CHAR_LIMIT_BYTES: usize = 4;

/// Cuts a stream of bytes into lines.
///
/// A line longer than the bound comes in pieces, each as soon as it is full,
/// so nothing is lost and no peer can make this side hold more.
#[derive(Clone, Debug)]
pub(crate) struct LineSplitter {
    limit: usize,
    /// What has come of the current line since its last piece.
    buffer: Vec<u8>,
    /// Whether a piece of the current line was given already.
    begun: bool,
}

/// A line, or a piece of a long one, without its line end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    bytes: &'a [u8],
    part: Part,
}

/// How much of a line a [`Line`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// The beginning; more follows.
    First,
    /// Neither the beginning nor the end.
    Middle,
    /// The end; it may be empty.
    Last,
}

impl Default for LineSplitter {
    fn default() -> Self {
        Self::with_limit(LINE_LIMIT_BYTES)
    }
}

impl LineSplitter {
    /// Pieces of at most `limit_bytes`, which is taken for 4 if it is less:
    /// a character is never cut.
    pub(crate) fn with_limit(limit_bytes: usize) -> Self {
        Self {
            limit: limit_bytes.max(CHAR_LIMIT_BYTES),
            buffer: Vec::new(),
            begun: false,
        }
    }

    /// Takes a chunk in and gives every line and piece that it completes.
    pub(crate) fn push(&mut self, mut chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            self.extend(&chunk[..end], &mut each);
            self.end_line(&mut each);
            chunk = &chunk[end + 1..];
        }
        self.extend(chunk, &mut each);
    }

    /// Gives the last line, if the stream did not end with a line's end.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if self.begun || !self.buffer.is_empty() {
            self.end_line(&mut each);
        }
    }

    /// A piece is only given once more of its line is there: a line of exactly
    /// the bound is whole.
    fn extend(&mut self, mut bytes: &[u8], each: &mut impl FnMut(Line<'_>)) {
        while self.buffer.len() + bytes.len() > self.limit {
            let (head, tail) = bytes.split_at(self.limit - self.buffer.len());
            self.buffer.extend_from_slice(head);
            let cut = self.buffer.len() - begun_char_bytes(&self.buffer);
            let part = if self.begun {
                Part::Middle
            } else {
                Part::First
            };
            each(Line {
                bytes: &self.buffer[..cut],
                part,
            });
            self.buffer.drain(..cut);
            self.begun = true;
            bytes = tail;
        }
        self.buffer.extend_from_slice(bytes);
    }

    fn end_line(&mut self, each: &mut impl FnMut(Line<'_>)) {
        let bytes = self.buffer.strip_suffix(b"\r").unwrap_or(&self.buffer);
        let part = if self.begun { Part::Last } else { Part::Whole };
        each(Line { bytes, part });
        self.buffer.clear();
        self.begun = false;
    }
}

impl<'a> Line<'a> {
    /// The text; what is not UTF-8 is replaced.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// How much of the line this is.
    pub(crate) fn part(&self) -> Part {
        self.part
    }
}

/// How many bytes at the end are the beginning of a character whose rest is yet to come.
fn begun_char_bytes(bytes: &[u8]) -> usize {
    let behind = bytes.iter().rev().take(CHAR_LIMIT_BYTES - 1);
    let length = |lead: u8| lead.leading_ones() as usize;
    match behind.zip(1..).find(|(byte, _)| length(**byte) != 1) {
        Some((&lead, there)) if (2..=4).contains(&length(lead)) && there < length(lead) => there,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::handshake::odd::odd;

    fn split(limit: usize, chunks: &[&[u8]]) -> Vec<(String, Part)> {
        let mut splitter = LineSplitter::with_limit(limit);
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.push(chunk, |line| {
                lines.push((line.text().into_owned(), line.part()));
            });
            assert!(splitter.buffer.len() <= limit);
        }
        splitter.finish(|line| lines.push((line.text().into_owned(), line.part())));
        lines
    }

    /// Whole lines are shown as they are, of the others the missing sides are dots.
    #[track_caller]
    fn check(chunks: &[&[u8]], expected: &[&str]) {
        let shown: Vec<_> = split(8, chunks)
            .into_iter()
            .map(|(text, part)| match part {
                Part::Whole => text,
                Part::First => format!("{text}.."),
                Part::Middle => format!("..{text}.."),
                Part::Last => format!("..{text}"),
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn lines_do_not_depend_on_chunks() {
        check(&[b"a\nb\n"], &["a", "b"]);
        check(&[b"a", b"b\nc", b"", b"\n"], &["ab", "c"]);
        check(&[b"\n\n"], &["", ""]);
        check(&[], &[]);
    }

    #[test]
    fn a_last_line_without_an_end_is_not_lost() {
        check(&[b"a\nb"], &["a", "b"]);
    }

    #[test]
    fn a_carriage_return_belongs_to_the_lines_end() {
        check(&[b"a\r", b"\nb\rc\r\r\n"], &["a", "b\rc\r"]);
        check(&[b"1234567\r\n"], &["1234567"]);
    }

    #[test]
    fn a_long_line_comes_in_pieces() {
        check(&[b"12345678\n"], &["12345678"]);
        check(&[b"123456789\n"], &["12345678..", "..9"]);
        check(
            &[b"12345678", b"12345678", b"1\nab\n"],
            &["12345678..", "..12345678..", "..1", "ab"],
        );
        check(&[b"12345678\r\n"], &["12345678..", ".."]);
    }

    #[test]
    fn no_character_is_cut() {
        check(&["1234567ü\n".as_bytes()], &["1234567..", "..ü"]);
        check(&["12345€678\n".as_bytes()], &["12345€..", "..678"]);
        check(&["123456€78\n".as_bytes()], &["123456..", "..€78"]);
        check(
            &["12345\u{1f980}78\n".as_bytes()],
            &["12345..", "..\u{1f980}78"],
        );
    }

    #[test]
    fn what_is_not_unicode_is_replaced_and_takes_nothing_with_it() {
        check(&[b"a\xffb\n"], &["a\u{fffd}b"]);
        check(
            &[b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\n"],
            &[&format!("{}..", "\u{fffd}".repeat(8)), "..\u{fffd}"],
        );
        check(&[b"1234567\xff8\n"], &["1234567\u{fffd}..", "..8"]);
    }

    proptest! {
        #![proptest_config(crate::long::cases())]

        #[test]
        fn nothing_is_lost_however_it_is_cut(
            text in odd("abc\n\nü€\u{1f980}", 0..=32),
            limit in 4..12usize,
            cuts in any::<[proptest::sample::Index; 3]>(),
        ) {
            let mut cuts = cuts.map(|cut| cut.index(text.len() + 1));
            cuts.sort_unstable();
            let bytes = text.as_bytes();
            let [a, b, c] = cuts;
            let mut joined = String::new();
            for (piece, part) in split(limit, &[&bytes[..a], &bytes[a..b], &bytes[b..c], &bytes[c..]]) {
                prop_assert!(piece.len() <= limit);
                joined.push_str(&piece);
                if matches!(part, Part::Whole | Part::Last) {
                    joined.push('\n');
                }
            }
            let ended = text.is_empty() || text.ends_with('\n');
            prop_assert_eq!(joined, if ended { text } else { text + "\n" });
        }

        #[test]
        fn no_bytes_panic(bytes in any::<[u8; 24]>(), limit in 0..12usize) {
            split(limit.max(4), &[&bytes[..7], &bytes[7..]]);
        }
    }
}
