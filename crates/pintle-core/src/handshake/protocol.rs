//! The word for a transport.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::excerpt::excerpt;

/// The longest word for a transport, in bytes.
const WORD_LIMIT_BYTES: usize = 32;

/// The word for a transport, as it stands on the handshake line: 1 to 32 of
/// `a`–`z`, `0`–`9`, `_`, `-` and `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(Cow<'static, str>);

impl Protocol {
    /// gRPC over HTTP/2.
    pub const GRPC: Self = Self::new("grpc");
    /// Go's `net/rpc` with gob, which only Go speaks. Known so that it can be named.
    pub const NETRPC: Self = Self::new("netrpc");
    /// tarpc, between Rust programs.
    pub const TARPC: Self = Self::new("tarpc");

    /// The word of a transport written elsewhere.
    ///
    /// # Panics
    /// If `word` is not one; in a constant that is a compile error. Text from
    /// outside the program is parsed instead.
    pub const fn new(word: &'static str) -> Self {
        assert!(
            is_word(word),
            "the word for a transport is 1 to 32 of a-z, 0-9, '_', '-' and '.'"
        );
        Self(Cow::Borrowed(word))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Protocol {
    type Err = BadProtocol;

    fn from_str(text: &str) -> Result<Self, BadProtocol> {
        if is_word(text) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(BadProtocol {
                text: excerpt(text),
            })
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text is not the word for a transport.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not the word for a transport (1 to 32 of a-z, 0-9, '_', '-' and '.')")]
#[non_exhaustive]
pub struct BadProtocol {
    /// The text, escaped and bounded.
    pub text: String,
}

const fn is_word(text: &str) -> bool {
    let mut rest = text.as_bytes();
    if rest.is_empty() || rest.len() > WORD_LIMIT_BYTES {
        return false;
    }
    while let [first, tail @ ..] = rest {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.') {
            return false;
        }
        rest = tail;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, is_word: bool) {
        let parsed = text.parse::<Protocol>();
        assert_eq!(parsed.is_ok(), is_word, "{parsed:?}");
        if let Ok(word) = parsed {
            assert_eq!((word.as_str(), &*word.to_string()), (text, text));
        }
    }

    #[test]
    fn a_word_is_short_lower_case_and_plain() {
        check("grpc", true);
        check("my-rpc_2.0", true);
        check(&"a".repeat(32), true);
        check(&"a".repeat(33), false);
        check("", false);
        check("gRPC", false);
        check("grpc ", false);
        check("grpç", false);
        check("a|b", false);
        check("a,b", false);
    }

    #[test]
    fn a_parsed_word_equals_the_constant() {
        assert_eq!("netrpc".parse(), Ok(Protocol::NETRPC));
    }
}
