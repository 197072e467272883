//! How a failed call is told on the wire: a kind by its number, and a text.

use std::any::Any;
use std::io::ErrorKind;

use bytes::Buf;

/// The longest text of a failure, in bytes.
const MAX_TEXT_BYTES: usize = 4096;

/// How much of a peer's text goes into an error, in characters.
const MAX_SHOWN_CHARS: usize = 128;

/// The kinds that have a number: their place. New ones go to the end.
const KINDS: &[ErrorKind] = &[
    ErrorKind::Other,
    ErrorKind::NotFound,
    ErrorKind::PermissionDenied,
    ErrorKind::ConnectionRefused,
    ErrorKind::ConnectionReset,
    ErrorKind::ConnectionAborted,
    ErrorKind::NotConnected,
    ErrorKind::AddrInUse,
    ErrorKind::AddrNotAvailable,
    ErrorKind::BrokenPipe,
    ErrorKind::AlreadyExists,
    ErrorKind::WouldBlock,
    ErrorKind::InvalidInput,
    ErrorKind::InvalidData,
    ErrorKind::TimedOut,
    ErrorKind::WriteZero,
    ErrorKind::Interrupted,
    ErrorKind::Unsupported,
    ErrorKind::UnexpectedEof,
    ErrorKind::OutOfMemory,
];

/// The number of a kind; that of `Other` if it has none.
pub(crate) fn number_of(kind: ErrorKind) -> u8 {
    let place = KINDS.iter().position(|known| *known == kind).unwrap_or(0);
    u8::try_from(place).unwrap_or(0)
}

/// The kind of a number; `Other` for those of newer peers.
pub(crate) fn kind_of(number: u8) -> ErrorKind {
    KINDS
        .get(usize::from(number))
        .copied()
        .unwrap_or(ErrorKind::Other)
}

/// The text a peer sent, all that is left of a message.
pub(crate) fn text_of(message: &mut impl Buf) -> String {
    let mut text = vec![0; message.remaining().min(MAX_TEXT_BYTES)];
    message.copy_to_slice(&mut text);
    message.advance(message.remaining());
    String::from_utf8_lossy(&text).into_owned()
}

/// As much of a text as goes on the wire.
pub(crate) fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A peer's text as a person may be shown it: on one line, and not too long.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(MAX_SHOWN_CHARS)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(MAX_SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// What a panic said.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "no message"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_with_a_number_is_itself_again_and_any_other_is_other() {
        for kind in KINDS {
            assert_eq!(kind_of(number_of(*kind)), *kind);
        }
        assert_eq!(kind_of(number_of(ErrorKind::StorageFull)), ErrorKind::Other);
        assert_eq!(kind_of(255), ErrorKind::Other);
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        assert_eq!(cut("short"), "short");
        let long = "é".repeat(MAX_TEXT_BYTES);
        assert_eq!(cut(&long).len(), MAX_TEXT_BYTES);
        let odd = format!("x{long}");
        assert_eq!(cut(&odd).len(), MAX_TEXT_BYTES - 1);
    }

    #[test]
    fn a_peers_text_is_shown_on_one_line_and_not_too_long() {
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(
            shown(&"x".repeat(1000)).chars().count(),
            MAX_SHOWN_CHARS + 1
        );
    }

    #[test]
    fn a_text_that_is_no_unicode_is_shown_as_far_as_it_goes() {
        assert_eq!(text_of(&mut &b"a\xffb"[..]), "a\u{fffd}b");
    }
}
