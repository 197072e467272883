//! The plugin's side of the environment.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::{
    CLIENT_CERT, DEFAULT_PORTS, LIFELINE, Lifeline, MAX_PORT, MIN_PORT, MULTIPLEX_GRPC,
    PROTOCOL_VERSIONS, STDIO, TRANSPORTS, UNIX_SOCKET_DIR, UNIX_SOCKET_GROUP, parse_bool,
    parse_pipes,
};
use crate::excerpt::excerpt;
use crate::handshake::version::{LIST_LIMIT, parse_list};
use crate::handshake::{Handshake, Protocol, ProtocolVersion};

/// The longest certificate that is read, in bytes of PEM.
const CERTIFICATE_LIMIT_BYTES: usize = 64 * 1024;

/// The longest value of any other variable that is read, in bytes.
const VALUE_LIMIT_BYTES: usize = 4 * 1024;

/// At most this many transports of a list are read; the rest is passed over.
const TRANSPORTS_LIMIT: usize = 32;

/// What a host tells its plugin, as the plugin reads it.
///
/// A variable that is empty counts as one that is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PluginEnv {
    /// The versions the host accepts; `None` if it sent no list.
    pub(crate) versions: Option<Vec<ProtocolVersion>>,
    /// The TCP ports to listen on.
    pub(crate) ports: RangeInclusive<u16>,
    /// The host's certificate in PEM, not checked here; `None` if it asks for no TLS.
    pub(crate) client_cert: Option<String>,
    /// Whether the host wants the broker multiplexed. `None` if it says nothing:
    /// only then must the handshake line have no seventh field.
    pub(crate) multiplex: Option<bool>,
    /// Where to make sockets.
    pub(crate) socket_dir: Option<PathBuf>,
    /// The group to give sockets to.
    pub(crate) socket_group: Option<String>,
    /// The transports the host offers, most preferred first; `None` if it sent no list.
    pub(crate) transports: Option<Vec<Protocol>>,
    /// How the plugin of the process with this number learns that its host is gone; `None` if the
    /// host does not say.
    pub(crate) lifeline: Option<(Lifeline, u32)>,
    /// The number of the process that reads the plugin's stdout and stderr as they are; `None` if
    /// the host does not say.
    pub(crate) pipes: Option<u32>,
}

impl PluginEnv {
    /// Checks the cookie first, and reads every variable then.
    pub(crate) fn read(
        handshake: &Handshake,
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, EnvError> {
        let environment = Environment { lookup };
        environment.check_cookie(handshake)?;
        Ok(Self {
            versions: environment.versions()?,
            ports: environment.ports()?,
            client_cert: environment.text(CLIENT_CERT, CERTIFICATE_LIMIT_BYTES)?,
            // What is no boolean counts as false, as for every plugin of this wire.
            multiplex: environment
                .value(MULTIPLEX_GRPC)
                .map(|value| value.to_str().and_then(parse_bool).unwrap_or(false)),
            socket_dir: environment.value(UNIX_SOCKET_DIR).map(PathBuf::from),
            socket_group: environment.text(UNIX_SOCKET_GROUP, VALUE_LIMIT_BYTES)?,
            transports: environment.transports()?,
            lifeline: environment.lifeline(),
            pipes: environment.pipes(),
        })
    }
}

struct Environment<L> {
    lookup: L,
}

impl<L: Fn(&str) -> Option<OsString>> Environment<L> {
    fn check_cookie(&self, handshake: &Handshake) -> Result<(), EnvError> {
        let key = handshake.cookie_key();
        let found = self.value(key);
        let same = found.is_some_and(|value| value == handshake.cookie_value());
        if same {
            Ok(())
        } else {
            Err(EnvError::Cookie { key })
        }
    }

    fn versions(&self) -> Result<Option<Vec<ProtocolVersion>>, EnvError> {
        let Some(text) = self.text(PROTOCOL_VERSIONS, VALUE_LIMIT_BYTES)? else {
            return Ok(None);
        };
        let versions = parse_list(&text);
        versions
            .map(Some)
            .map_err(|_| EnvError::TooManyVersions { limit: LIST_LIMIT })
    }

    fn ports(&self) -> Result<RangeInclusive<u16>, EnvError> {
        let min = self.port(MIN_PORT)?.unwrap_or(*DEFAULT_PORTS.start());
        let max = self.port(MAX_PORT)?.unwrap_or(*DEFAULT_PORTS.end());
        if min <= max {
            Ok(min..=max)
        } else {
            Err(EnvError::NoPorts { min, max })
        }
    }

    fn port(&self, name: &'static str) -> Result<Option<u16>, EnvError> {
        let Some(text) = self.text(name, VALUE_LIMIT_BYTES)? else {
            return Ok(None);
        };
        let port = text.trim().parse();
        port.map(Some).map_err(|_| EnvError::BadPort {
            name,
            text: excerpt(&text),
        })
    }

    fn transports(&self) -> Result<Option<Vec<Protocol>>, EnvError> {
        let Some(text) = self.text(TRANSPORTS, VALUE_LIMIT_BYTES)? else {
            return Ok(None);
        };
        // A word we cannot read is a transport we do not have.
        let words = text.split(',').filter_map(|word| word.trim().parse().ok());
        Ok(Some(words.take(TRANSPORTS_LIMIT).collect()))
    }

    fn lifeline(&self) -> Option<(Lifeline, u32)> {
        Lifeline::parse(self.value(LIFELINE)?.to_str()?)
    }

    fn pipes(&self) -> Option<u32> {
        parse_pipes(self.value(STDIO)?.to_str()?)
    }

    fn text(&self, name: &'static str, limit: usize) -> Result<Option<String>, EnvError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        if value.len() > limit {
            return Err(EnvError::TooLong {
                name,
                length: value.len(),
                limit,
            });
        }
        value
            .into_string()
            .map(Some)
            .map_err(|_| EnvError::NotUnicode { name })
    }

    fn value(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }
}

/// A variable of the handshake that the plugin cannot use.
///
/// All but a missing cookie are for the host's author to mend: the host set them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// The cookie is missing or another: no host of this plugin started the
    /// program, most likely a person did by hand.
    #[error("the magic cookie {key} is not set as a host sets it")]
    Cookie {
        /// The variable.
        key: &'static str,
    },
    /// The value of a variable is not a port.
    #[error("{name} is \"{text}\", which is not a port (0 to 65535)")]
    BadPort {
        /// The variable.
        name: &'static str,
        /// Its value, escaped and bounded.
        text: String,
    },
    /// The range of ports is empty.
    #[error("the range of ports is empty: {MIN_PORT} is {min} and {MAX_PORT} is {max}")]
    NoPorts {
        /// The first port.
        min: u16,
        /// The last port.
        max: u16,
    },
    /// The host accepts more versions than a plugin reads.
    #[error("{PROTOCOL_VERSIONS} lists more than {limit} versions")]
    TooManyVersions {
        /// The most that is read.
        limit: usize,
    },
    /// The value of a variable is too long.
    #[error("{name} has {length} bytes, and {limit} is the most")]
    TooLong {
        /// The variable.
        name: &'static str,
        /// The length of its value in bytes.
        length: usize,
        /// The longest that is read, in bytes.
        limit: usize,
    },
    /// The value of a variable is no Unicode.
    #[error("{name} is not valid Unicode")]
    NotUnicode {
        /// The variable.
        name: &'static str,
    },
}
