//! The host's side of the environment.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::{
    CLIENT_CERT, DEFAULT_PORTS, MAX_PORT, MIN_PORT, MULTIPLEX_GRPC, PROTOCOL_VERSIONS, TRANSPORTS,
    UNIX_SOCKET_DIR, UNIX_SOCKET_GROUP,
};
use crate::handshake::version::format_list;
use crate::handshake::{Handshake, Protocol, ProtocolVersion};

/// What a host tells its plugin, as the host says it.
#[derive(Clone, Debug)]
pub(crate) struct HostEnv {
    /// The cookie to set.
    pub(crate) handshake: Handshake,
    /// The versions the host accepts; with none, no list is sent.
    pub(crate) versions: Vec<ProtocolVersion>,
    /// The TCP ports the plugin may listen on; 10000 to 25000 if `None`.
    pub(crate) ports: Option<RangeInclusive<u16>>,
    /// The host's certificate in PEM, if TLS is wanted.
    pub(crate) client_cert: Option<String>,
    /// Whether the broker is to be multiplexed.
    pub(crate) multiplex: bool,
    /// Where the plugin is to make its sockets.
    pub(crate) socket_dir: Option<PathBuf>,
    /// The group its sockets are to be given to.
    pub(crate) socket_group: Option<String>,
    /// The transports the host offers, most preferred first; with none, no list is sent.
    pub(crate) transports: Vec<Protocol>,
}

impl HostEnv {
    /// The variables to set, names and values.
    ///
    /// What is not wanted is not set at all, so that it cannot be taken for a wish.
    pub(crate) fn into_variables(self) -> Vec<(String, OsString)> {
        let ports = self.ports.unwrap_or(DEFAULT_PORTS);
        let transports: Vec<_> = self.transports.iter().map(Protocol::as_str).collect();
        [
            (
                self.handshake.cookie_key(),
                self.handshake.cookie_value().into(),
            ),
            (PROTOCOL_VERSIONS, format_list(self.versions).into()),
            (MIN_PORT, ports.start().to_string().into()),
            (MAX_PORT, ports.end().to_string().into()),
            (CLIENT_CERT, self.client_cert.unwrap_or_default().into()),
            (
                MULTIPLEX_GRPC,
                if self.multiplex { "true" } else { "" }.into(),
            ),
            (UNIX_SOCKET_DIR, self.socket_dir.unwrap_or_default().into()),
            (
                UNIX_SOCKET_GROUP,
                self.socket_group.unwrap_or_default().into(),
            ),
            (TRANSPORTS, transports.join(",").into()),
        ]
        .into_iter()
        .filter(|(_, value): &(_, OsString)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}
