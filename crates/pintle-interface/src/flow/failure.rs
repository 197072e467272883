//! Why a flow ended before its end, as the other side is told.

use std::error::Error;
use std::io::{self, ErrorKind};

/// The message `Failure` of `proto/flow.proto`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Failure {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(string, tag = "2")]
    text: String,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        let mut text = text.into();
        let mut end = text.len().min(MAX_TEXT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        let number = NUMBERS.iter().find(|(known, _)| *known == kind);
        Self {
            kind: number.map_or(OTHER, |(_, number)| *number),
            text,
        }
    }

    /// Says what the error and its sources say. The kind is that of the first I/O error among them.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let chain = || std::iter::successors(Some(error), |&error| error.source());
        let texts: Vec<String> = chain().map(ToString::to_string).collect();
        let kind = chain().find_map(|error| error.downcast_ref::<io::Error>());
        let kind = kind.map_or(ErrorKind::Other, io::Error::kind);
        Self::new(kind, texts.join(": "))
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        let known = NUMBERS.iter().find(|(_, number)| *number == self.kind);
        known.map_or(ErrorKind::Other, |(kind, _)| *kind)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn to_io(&self) -> io::Error {
        if self.text.is_empty() {
            return self.kind().into();
        }
        io::Error::new(self.kind(), self.text.clone())
    }
}

/// What is longer is cut.
const MAX_TEXT_BYTES: usize = 1024;

/// The number of every kind that has none of its own.
const OTHER: u32 = 0;

/// The enum `Kind` of `proto/flow.proto`.
///
/// `Interrupted` and `WouldBlock` have no number: they say "again", and a reader that is told so
/// after the end would ask for ever.
const NUMBERS: [(ErrorKind, u32); 29] = [
    (ErrorKind::NotFound, 1),
    (ErrorKind::PermissionDenied, 2),
    (ErrorKind::AlreadyExists, 3),
    (ErrorKind::InvalidInput, 4),
    (ErrorKind::InvalidData, 5),
    (ErrorKind::TimedOut, 6),
    (ErrorKind::Unsupported, 7),
    (ErrorKind::OutOfMemory, 8),
    (ErrorKind::UnexpectedEof, 9),
    (ErrorKind::WriteZero, 10),
    (ErrorKind::BrokenPipe, 11),
    (ErrorKind::ConnectionRefused, 12),
    (ErrorKind::ConnectionReset, 13),
    (ErrorKind::ConnectionAborted, 14),
    (ErrorKind::NotConnected, 15),
    (ErrorKind::HostUnreachable, 16),
    (ErrorKind::NetworkUnreachable, 17),
    (ErrorKind::NetworkDown, 18),
    (ErrorKind::AddrInUse, 19),
    (ErrorKind::AddrNotAvailable, 20),
    (ErrorKind::NotADirectory, 21),
    (ErrorKind::IsADirectory, 22),
    (ErrorKind::DirectoryNotEmpty, 23),
    (ErrorKind::ReadOnlyFilesystem, 24),
    (ErrorKind::StorageFull, 25),
    (ErrorKind::QuotaExceeded, 26),
    (ErrorKind::FileTooLarge, 27),
    (ErrorKind::NotSeekable, 28),
    (ErrorKind::ResourceBusy, 29),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_table_comes_back_as_itself() {
        for (kind, _) in NUMBERS {
            assert_eq!(Failure::new(kind, "").kind(), kind);
        }
    }

    #[test]
    fn the_table_is_that_of_the_proto_file() {
        let proto = include_str!("../../proto/flow.proto");
        for (kind, number) in NUMBERS {
            let mut name = String::new();
            for letter in format!("{kind:?}").replace("Addr", "Address").chars() {
                if letter.is_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.extend(letter.to_uppercase());
            }
            let line = format!("  {name} = {number};\n");
            assert!(proto.contains(&line), "no {line:?}");
        }
        let numbered = proto.split_once("enum Kind {").unwrap().1.matches('=');
        assert_eq!(numbered.count(), NUMBERS.len() + 1);
    }

    #[test]
    fn a_kind_that_says_again_is_never_sent() {
        for kind in [ErrorKind::Interrupted, ErrorKind::WouldBlock] {
            assert_eq!(Failure::new(kind, "").kind(), ErrorKind::Other);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let text = format!("x{}", "ü".repeat(1024));
        let cut = Failure::new(ErrorKind::Other, text);
        assert_eq!(cut.text().len(), MAX_TEXT_BYTES - 1);
        assert!(cut.text().ends_with('ü'));
    }

    #[test]
    fn a_failure_names_every_cause_and_has_the_kind_of_the_first_io_error() {
        #[derive(Debug, thiserror::Error)]
        #[error("no index")]
        struct Outer(#[source] io::Error);
        let inner = io::Error::new(ErrorKind::PermissionDenied, "not yours");
        let failure = Failure::of(&Outer(inner));
        assert_eq!(failure.text(), "no index: not yours");
        assert_eq!(failure.kind(), ErrorKind::PermissionDenied);
    }
}
