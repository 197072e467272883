//! The one line a plugin prints to its stdout: where it is and how to talk to it.
//!
//! ```text
//! 1|2|unix|/tmp/plugin123|grpc|MIIB...|true
//! │ │ │    │              │    │       └ whether the broker is multiplexed, only if the host asked
//! │ │ │    │              │    └ certificate: unpadded base64 of DER, or nothing
//! │ │ │    │              └ protocol: the word for the transport
//! │ │ └────┴ network and address
//! │ └ version of the application's protocol
//! └ core version: the version of this line
//! ```

use std::fmt;
use std::str::FromStr;

use crate::excerpt::excerpt;
use crate::handshake::{BadProtocol, BadVersion, Protocol, ProtocolVersion};
use crate::net::{Address, AddressError};

/// The version of the handshake line itself.
pub const CORE_VERSION: u32 = 1;

/// The longest handshake line that is read, in bytes.
const LINE_LIMIT_BYTES: usize = 64 * 1024;

/// A sixth field of at most this many bytes is no certificate: old plugins put
/// other things there, and no certificate is that short.
const NO_CERTIFICATE_BYTES: usize = 50;

/// A plugin's handshake line.
///
/// `Display` is the line without its line feed; what it prints is read back
/// equal, unless the certificate is too short to be one (50 bytes or fewer) or
/// has white space around it, or an address was not made by [`Address::unix`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeLine {
    /// The version of the line itself: [`CORE_VERSION`].
    pub core_version: u32,
    /// The version of the application's protocol that the plugin chose.
    pub app_version: ProtocolVersion,
    /// Where the plugin listens, as the plugin sees it.
    pub address: Address,
    /// The transport it serves.
    pub protocol: Protocol,
    /// The plugin's one-time certificate as it stands on the line, not decoded:
    /// unpadded standard base64 of DER.
    pub certificate: Option<String>,
    /// Whether the plugin multiplexes the broker; `None` if it does not say.
    pub multiplex: Option<bool>,
}

impl HandshakeLine {
    /// Reads a line, with or without its line feed.
    ///
    /// Of a line with four fields the protocol is [`Protocol::NETRPC`], as the
    /// oldest plugins mean it. Fields after the seventh are passed over.
    ///
    /// # Errors
    /// [`LineError`] says what is wrong with the line and who can mend it.
    pub fn parse(line: &str) -> Result<Self, LineError> {
        if line.len() > LINE_LIMIT_BYTES {
            return Err(LineError::TooLong {
                length: line.len(),
                limit: LINE_LIMIT_BYTES,
            });
        }
        let fields: Vec<_> = line.trim().split('|').take(7).collect();
        let [core, app, network, address, rest @ ..] = &*fields else {
            return Err(not_a_handshake(line));
        };
        // The version comes first: another core version may mean other fields.
        let core_version = parse_core_version(core, line)?;
        Ok(Self {
            core_version,
            app_version: app.parse().map_err(LineError::BadAppVersion)?,
            address: Address::parse(network, address).map_err(LineError::BadAddress)?,
            protocol: match rest.first() {
                Some(word) => word.parse().map_err(LineError::BadProtocol)?,
                None => Protocol::NETRPC,
            },
            // Without white space, which is lost where this field is the last.
            certificate: rest
                .get(1)
                .map(|text| text.trim())
                .filter(|text| text.len() > NO_CERTIFICATE_BYTES)
                .map(str::to_owned),
            multiplex: rest.get(2).map_or(Ok(None), |text| parse_multiplex(text))?,
        })
    }
}

impl fmt::Display for HandshakeLine {
    /// Six fields always, the last one empty without a certificate: the oldest
    /// hosts count them. The seventh only if there is something to say in it:
    /// a host that did not ask takes it for a part of the sixth.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            core_version,
            app_version,
            address,
            protocol,
            certificate,
            multiplex,
        } = self;
        let network = address.network();
        let certificate = certificate.as_deref().unwrap_or_default();
        write!(
            f,
            "{core_version}|{app_version}|{network}|{address}|{protocol}|{certificate}"
        )?;
        multiplex.map_or(Ok(()), |multiplex| write!(f, "|{multiplex}"))
    }
}

impl FromStr for HandshakeLine {
    type Err = LineError;

    fn from_str(line: &str) -> Result<Self, LineError> {
        Self::parse(line)
    }
}

/// Why a line is not the handshake of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The line is something else altogether.
    #[error(
        "not a handshake line: \"{text}\" (the program may not be a plugin; \
         a plugin must print nothing to stdout before its handshake)"
    )]
    NotAHandshake {
        /// The line, escaped and bounded.
        text: String,
    },
    /// Plugin and host are of different generations of the wire.
    #[error(
        "the plugin speaks core version {found} and this host speaks {expected}: \
         rebuild the older of the two with a current library"
    )]
    WrongCoreVersion {
        /// The plugin's core version, as it stands on the line, bounded.
        found: String,
        /// The host's: [`CORE_VERSION`].
        expected: u32,
    },
    /// The line is too long to be one.
    #[error("the line has {length} bytes, and a handshake line has {limit} at most")]
    TooLong {
        /// The length of the line in bytes.
        length: usize,
        /// The longest that is read, in bytes.
        limit: usize,
    },
    /// The second field is no version.
    #[error("the second field, the application's protocol version, cannot be used")]
    BadAppVersion(#[source] BadVersion),
    /// The third and fourth fields are no address.
    #[error("the third and fourth fields, network and address, cannot be used")]
    BadAddress(#[source] AddressError),
    /// The fifth field is no word for a transport.
    #[error("the fifth field, the protocol, cannot be used")]
    BadProtocol(#[source] BadProtocol),
    /// The seventh field is neither true nor false.
    #[error("the seventh field, multiplexing, is \"{text}\" and neither true nor false")]
    BadMultiplex {
        /// The field, escaped and bounded.
        text: String,
    },
}

/// Whether `line` has the form of a handshake line, `1|2|...`, right or wrong.
///
/// It tells a handshake line from what a program may print before it.
pub(crate) fn looks_like_handshake(line: &str) -> bool {
    let mut fields = line.trim_start().split('|');
    let mut number = || fields.next().is_some_and(is_number);
    number() && number() && fields.next().is_some()
}

fn parse_core_version(text: &str, line: &str) -> Result<u32, LineError> {
    if !is_number(text) {
        return Err(not_a_handshake(line));
    }
    match text.parse() {
        Ok(CORE_VERSION) => Ok(CORE_VERSION),
        _ => Err(LineError::WrongCoreVersion {
            found: excerpt(text),
            expected: CORE_VERSION,
        }),
    }
}

/// The spellings are those of Go's `strconv.ParseBool`; an empty field says nothing.
fn parse_multiplex(text: &str) -> Result<Option<bool>, LineError> {
    match text {
        "" => Ok(None),
        _ => super::env::parse_bool(text)
            .map(Some)
            .ok_or_else(|| LineError::BadMultiplex {
                text: excerpt(text),
            }),
    }
}

fn not_a_handshake(line: &str) -> LineError {
    LineError::NotAHandshake {
        text: excerpt(line.trim()),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
