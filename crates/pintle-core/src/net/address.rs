//! Where a socket is, as host and plugin tell each other.

use std::fmt;
use std::net::{AddrParseError, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::excerpt::excerpt;

/// The longest path that fits into a unix socket's address, in bytes.
///
/// The kernel's field has 108 bytes on Linux and 104 on macOS and the BSDs; the last is a NUL.
const UNIX_PATH_LIMIT_BYTES: usize =
    if cfg!(any(target_os = "linux", target_os = "android", windows)) {
        107
    } else {
        103
    };

/// Where a socket is: a network and an address in it, as the handshake line
/// and the broker spell them.
///
/// `Display` is the address alone, without the [`network`](Self::network).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// A unix socket, by its path.
    Unix(PathBuf),
    /// A TCP socket.
    Tcp(SocketAddr),
    /// A listener in this very process, by its number; see [`in_process`](crate::in_process).
    Memory(u64),
}

impl Address {
    /// The unix socket at `path`, if a socket can be there and its path can be
    /// said on a handshake line.
    ///
    /// # Errors
    /// [`AddressError`] if the path is too long, empty, or has characters that
    /// would break the line.
    pub fn unix(path: impl AsRef<Path>) -> Result<Self, AddressError> {
        let path = path.as_ref();
        check_unix_path(path)?;
        Ok(Self::Unix(path.to_owned()))
    }

    /// Reads an address as it comes from a peer.
    ///
    /// For `tcp` the host part may also be `localhost` or nothing, which some
    /// plugins print; both are taken for 127.0.0.1. No name is ever looked up.
    ///
    /// # Errors
    /// [`AddressError`] says which part is not usable.
    pub fn parse(network: &str, text: &str) -> Result<Self, AddressError> {
        match network {
            "unix" => Self::unix(text),
            "tcp" => parse_tcp(text).map(Self::Tcp),
            "memory" => parse_memory(text).map(Self::Memory),
            _ => Err(AddressError::UnknownNetwork {
                network: excerpt(network),
            }),
        }
    }

    /// The network's name: `unix`, `tcp` or `memory`.
    pub fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
            Self::Memory(_) => "memory",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => address.fmt(f),
            Self::Memory(number) => number.fmt(f),
        }
    }
}

/// Why something is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The path does not fit into a unix socket's address.
    #[error(transparent)]
    PathTooLong(#[from] PathTooLong),
    /// The path is empty.
    #[error("the path of the unix socket is empty")]
    EmptyPath,
    /// The path cannot be written on a handshake line.
    #[error("the path \"{path}\" cannot be sent: it has a bar, a control character or no UTF-8")]
    UnspeakablePath {
        /// The path, escaped and bounded.
        path: String,
    },
    /// A TCP address is not `IP:PORT`.
    #[error("\"{text}\" is not an IP address and a port")]
    BadSocketAddress {
        /// What was there instead, escaped and bounded.
        text: String,
        /// What is wrong with it.
        source: AddrParseError,
    },
    /// A listener in this process is not named by a number.
    #[error("\"{text}\" is not the number of a listener in this process")]
    BadNumber {
        /// What was there instead, escaped and bounded.
        text: String,
    },
    /// The network is neither `unix` nor `tcp`.
    #[error("\"{network}\" is not a network this side knows (unix, tcp)")]
    UnknownNetwork {
        /// The network's name, escaped and bounded.
        network: String,
    },
}

/// A path does not fit into a unix socket's address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the socket path \"{}\" has {length} bytes, and {limit} is the most", excerpt(&path.to_string_lossy()))]
#[non_exhaustive]
pub struct PathTooLong {
    /// The path.
    pub path: PathBuf,
    /// Its length in bytes.
    pub length: usize,
    /// The longest that this platform takes, in bytes.
    pub limit: usize,
}

fn check_unix_path(path: &Path) -> Result<(), AddressError> {
    let length = path.as_os_str().len();
    if length > UNIX_PATH_LIMIT_BYTES {
        let path = path.to_owned();
        return Err(PathTooLong {
            path,
            length,
            limit: UNIX_PATH_LIMIT_BYTES,
        }
        .into());
    }
    if length == 0 {
        return Err(AddressError::EmptyPath);
    }
    // White space at the end would be lost: the line is trimmed by its reader.
    let speakable = |text: &str| {
        !text.contains(|c: char| c == '|' || c.is_control()) && text.trim_end() == text
    };
    if path.to_str().is_some_and(speakable) {
        Ok(())
    } else {
        Err(AddressError::UnspeakablePath {
            path: excerpt(&path.to_string_lossy()),
        })
    }
}

fn parse_tcp(text: &str) -> Result<SocketAddr, AddressError> {
    let local_port = text
        .strip_prefix("localhost:")
        .or_else(|| text.strip_prefix(':'));
    match local_port.map(str::parse) {
        Some(Ok(port)) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        _ => text
            .parse()
            .map_err(|source| AddressError::BadSocketAddress {
                text: excerpt(text),
                source,
            }),
    }
}

fn parse_memory(text: &str) -> Result<u64, AddressError> {
    text.parse().map_err(|_| AddressError::BadNumber {
        text: excerpt(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address as `Debug` shows it, or the error as a person reads it.
    #[track_caller]
    fn check(network: &str, text: &str, expected: &str) {
        let found = match Address::parse(network, text) {
            Ok(address) => format!("{address:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn every_network_is_read() {
        check("unix", "/tmp/plugin1", r#"Unix("/tmp/plugin1")"#);
        check("unix", "sockets/plugin 1", r#"Unix("sockets/plugin 1")"#);
        check("tcp", "127.0.0.1:1234", "Tcp(127.0.0.1:1234)");
        check("tcp", "[::1]:1234", "Tcp([::1]:1234)");
        check("memory", "7", "Memory(7)");
        check(
            "memory",
            "-7",
            r#""-7" is not the number of a listener in this process"#,
        );
    }

    #[test]
    fn a_local_name_is_taken_for_the_loopback_address() {
        check("tcp", "localhost:80", "Tcp(127.0.0.1:80)");
        check("tcp", ":80", "Tcp(127.0.0.1:80)");
    }

    #[test]
    fn no_other_name_is_looked_up() {
        check(
            "tcp",
            "example.com:80",
            r#""example.com:80" is not an IP address and a port"#,
        );
        check(
            "tcp",
            "localhost:70000",
            r#""localhost:70000" is not an IP address and a port"#,
        );
        check("tcp", "", r#""" is not an IP address and a port"#);
    }

    #[test]
    fn an_unknown_network_is_named() {
        check(
            "vsock",
            "1:2",
            r#""vsock" is not a network this side knows (unix, tcp)"#,
        );
        check(
            "UNIX",
            "/a",
            r#""UNIX" is not a network this side knows (unix, tcp)"#,
        );
    }

    #[test]
    fn a_path_that_would_break_the_line_is_refused() {
        let cannot = "cannot be sent: it has a bar, a control character or no UTF-8";
        check("unix", "/a|b", &format!(r#"the path "/a|b" {cannot}"#));
        check("unix", "/a\nb", &format!(r#"the path "/a\nb" {cannot}"#));
        check("unix", "/a ", &format!(r#"the path "/a " {cannot}"#));
        check("unix", "", "the path of the unix socket is empty");
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_unicode_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/a\xff"));
        assert!(matches!(
            Address::unix(path),
            Err(AddressError::UnspeakablePath { .. })
        ));
    }

    #[test]
    fn the_longest_path_is_taken_and_one_byte_more_is_refused_with_its_length() {
        let longest = format!("/{}", "a".repeat(UNIX_PATH_LIMIT_BYTES - 1));
        assert_eq!(
            Address::unix(&longest),
            Ok(Address::Unix(PathBuf::from(&longest)))
        );

        let longer = format!("{longest}b");
        check(
            "unix",
            &longer,
            &format!(
                "the socket path \"{longer}\" has {} bytes, and {UNIX_PATH_LIMIT_BYTES} is the most",
                UNIX_PATH_LIMIT_BYTES + 1
            ),
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_limit_is_the_kernels() {
        use std::os::unix::net::SocketAddr;
        let path = |length| "a".repeat(length);
        assert!(SocketAddr::from_pathname(path(UNIX_PATH_LIMIT_BYTES)).is_ok());
        assert!(SocketAddr::from_pathname(path(UNIX_PATH_LIMIT_BYTES + 1)).is_err());
    }

    #[test]
    fn what_is_shown_is_what_is_read() {
        for (network, text) in [
            ("unix", "/tmp/a b"),
            ("tcp", "127.0.0.1:1"),
            ("tcp", "[::1]:65535"),
            ("memory", "18446744073709551615"),
        ] {
            let address = Address::parse(network, text).unwrap();
            assert_eq!((address.network(), &*address.to_string()), (network, text));
        }
    }
}
