//! What another host needs to take over a plugin that lives on.

mod file;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod wire;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::handshake::{Protocol, ProtocolVersion};
use crate::net::Address;
use crate::runner::Birth;
use crate::security::Keys;

/// A plugin that lives on, as data: where it is, what it speaks, which process it is, and with
/// AutoMTLS the key that opens it. [`Host::reattach`](crate::Host::reattach) takes it over.
///
/// It comes from [`Session::token`](crate::Session::token), from
/// [`Session::detach`](crate::Session::detach) and from [test mode](crate::TestMode).
///
/// **With AutoMTLS it is a secret:** whoever has it can call the plugin as its host. `Debug` does
/// not show the key, which is overwritten in memory when the token is dropped; what is serialized
/// has it in plain text. Keep it where only its owner reads: [`save`](Self::save) sees to that.
///
/// **Who can write a token** chooses whom the host calls, and which of its user's processes it ends:
/// [`load`](Self::load) refuses a file that others may write. A token without keys says less of who is
/// meant. At a unix socket the kernel tells which process listens; over TCP, and where the token has no
/// number of a process, whoever listens at the address is taken for the plugin.
///
/// Serialized, as JSON for one, it has the shape that go-plugin's hosts read and the values of
/// `TF_REATTACH_PROVIDERS` have, `{Protocol, ProtocolVersion, Pid, Test, Addr: {Network, String}}`,
/// and fields of our own that they pass over. One that comes from a Go program lacks those.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "wire::Token", into = "wire::Token")]
pub struct Reattach {
    pub(crate) protocol: Protocol,
    pub(crate) version: ProtocolVersion,
    pub(crate) pid: Option<u32>,
    /// In test mode the process ends by itself, and a host neither asks nor forces it to.
    pub(crate) test: bool,
    pub(crate) address: Address,
    pub(crate) program: Option<String>,
    /// Tells the process from a later one with its number.
    pub(crate) birth: Option<Birth>,
    pub(crate) multiplexed: bool,
    /// Where the sockets of its session were made, to be removed with the plugin.
    pub(crate) socket_dir: Option<PathBuf>,
    pub(crate) keys: Option<Keys>,
}

impl Reattach {
    /// The plugin's address.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The transport it speaks, by its word on the handshake line.
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// The version of the application's protocol that it speaks.
    pub fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// The number of its process, if that was told.
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// Whether it is in test mode: a host then only comes and goes.
    pub fn is_test(&self) -> bool {
        self.test
    }

    /// Whether the token has a key, and is a secret.
    pub fn is_secret(&self) -> bool {
        self.keys.is_some()
    }

    /// What to call the plugin in messages.
    pub(crate) fn name(&self) -> String {
        match (&self.program, self.pid) {
            (Some(program), _) => program.clone(),
            (None, Some(pid)) => format!("pid {pid}"),
            (None, None) => self.address.to_string(),
        }
    }
}

impl fmt::Debug for Reattach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reattach")
            .field("program", &self.program)
            .field("pid", &self.pid)
            .field("address", &self.address)
            .field("protocol", &self.protocol)
            .field("version", &self.version)
            .field("test", &self.test)
            .field("secret", &self.is_secret())
            .finish_non_exhaustive()
    }
}
