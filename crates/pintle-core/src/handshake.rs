//! What host and plugin agree on before they talk: a cookie, a version, and one line.
//!
//! Nothing below does I/O: each file turns text into values and values into text.

pub(crate) mod env;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod line;
#[cfg(test)]
pub(crate) mod odd;
mod protocol;
mod version;

pub(crate) use line::looks_like_handshake;
pub use line::{CORE_VERSION, HandshakeLine, LineError};
pub use protocol::{BadProtocol, Protocol};
pub use version::{BadVersion, ProtocolVersion, VersionMismatch};
pub(crate) use version::{listed, negotiate};

/// What a host and its plugins agree on when they are written: a magic cookie
/// and the version of the application's protocol.
///
/// Put it into the crate that both share, as a constant:
///
/// ```
/// use pintle_core::Handshake;
///
/// const HANDSHAKE: Handshake = Handshake::new("GREETER_PLUGIN", "hello").version(2);
/// assert_eq!(HANDSHAKE.protocol_version().get(), 2);
/// ```
///
/// The cookie is a courtesy check: it lets a plugin tell a person who starts
/// it by hand that it is a plugin. It is never authentication, and no secret:
/// every process of the same user can read it. Mutual TLS authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    cookie_key: &'static str,
    cookie_value: &'static str,
    version: ProtocolVersion,
}

impl Handshake {
    /// Protocol version 1, and a cookie: the name and the value of an environment variable.
    ///
    /// # Panics
    /// If the key or the value is empty, the key has `=`, or either has a NUL:
    /// no environment can hold such a variable. In a constant, as above, the
    /// panic is a compile error.
    pub const fn new(cookie_key: &'static str, cookie_value: &'static str) -> Self {
        assert!(
            !cookie_key.is_empty(),
            "the key of the magic cookie is empty"
        );
        assert!(
            !cookie_value.is_empty(),
            "the value of the magic cookie is empty"
        );
        assert!(
            !has(cookie_key, b'='),
            "the key of the magic cookie has an equals sign"
        );
        assert!(!has(cookie_key, 0), "the key of the magic cookie has a NUL");
        assert!(
            !has(cookie_value, 0),
            "the value of the magic cookie has a NUL"
        );
        Self {
            cookie_key,
            cookie_value,
            version: ProtocolVersion::new(1),
        }
    }

    /// The same cookie with this version of the application's protocol.
    #[must_use]
    pub const fn version(self, version: u32) -> Self {
        Self {
            version: ProtocolVersion::new(version),
            ..self
        }
    }

    /// The name of the environment variable that holds the cookie.
    pub const fn cookie_key(&self) -> &'static str {
        self.cookie_key
    }

    /// The value of the cookie.
    pub const fn cookie_value(&self) -> &'static str {
        self.cookie_value
    }

    /// The version of the application's protocol.
    pub const fn protocol_version(&self) -> ProtocolVersion {
        self.version
    }
}

const fn has(text: &str, byte: u8) -> bool {
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == byte {
            return true;
        }
        rest = tail;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_of_version_one_unless_it_says_otherwise() {
        const HANDSHAKE: Handshake = Handshake::new("KEY", "value");
        assert_eq!(HANDSHAKE.protocol_version(), ProtocolVersion::new(1));
        assert_eq!(
            HANDSHAKE.version(7).protocol_version(),
            ProtocolVersion::new(7)
        );
        assert_eq!(
            (HANDSHAKE.cookie_key(), HANDSHAKE.cookie_value()),
            ("KEY", "value")
        );
    }

    #[test]
    fn a_cookie_that_no_environment_can_hold_is_refused() {
        for (key, value) in [
            ("", "v"),
            ("K", ""),
            ("K=", "v"),
            ("K\0", "v"),
            ("K", "v\0"),
        ] {
            let made = std::panic::catch_unwind(|| Handshake::new(key, value));
            assert!(made.is_err(), "{key:?}={value:?}");
        }
    }
}
