//! The environment a host gives its plugin: every variable by name, and both sides of it.
//!
//! The process's own environment is never touched here: it is looked up by a
//! function of the caller, and what is to be set is handed to the caller.

mod host;
mod plugin;
mod scrub;

use std::ops::RangeInclusive;

pub(crate) use host::HostEnv;
pub use plugin::EnvError;
pub(crate) use plugin::PluginEnv;
pub(crate) use scrub::{is_for_us_alone, remember_cookie};

/// The versions of the application's protocol that the host accepts: numbers
/// with commas between, in any order.
pub(crate) const PROTOCOL_VERSIONS: &str = "PLUGIN_PROTOCOL_VERSIONS";
/// The first TCP port the plugin may listen on. Only for plugins that do not use unix sockets.
pub(crate) const MIN_PORT: &str = "PLUGIN_MIN_PORT";
/// The last TCP port the plugin may listen on.
pub(crate) const MAX_PORT: &str = "PLUGIN_MAX_PORT";
/// The host's one-time certificate in PEM, line feeds and all: it asks for mutual TLS.
pub(crate) const CLIENT_CERT: &str = "PLUGIN_CLIENT_CERT";
/// `true` if the host wants the broker multiplexed over one connection.
pub(crate) const MULTIPLEX_GRPC: &str = "PLUGIN_MULTIPLEX_GRPC";
/// The directory in which the plugin makes its sockets, instead of the one for temporary files.
pub(crate) const UNIX_SOCKET_DIR: &str = "PLUGIN_UNIX_SOCKET_DIR";
/// The group, by name or number, that the plugin's sockets are given to.
pub(crate) const UNIX_SOCKET_GROUP: &str = "PLUGIN_UNIX_SOCKET_GROUP";
/// The transports the host offers, most preferred first: words with commas
/// between. Ours alone; a host that does not set it speaks gRPC.
pub(crate) const TRANSPORTS: &str = "PINTLE_TRANSPORTS";

/// How the plugin learns that its host is gone: a [`Lifeline`] by its word, a colon, and the number
/// of the host's process. Ours alone; under a host that does not set it, the end of the parent
/// process tells. Another parent than the host means that the variable was meant for another, and
/// inherited from that.
pub(crate) const LIFELINE: &str = "PINTLE_LIFELINE";

/// Whose stdout and stderr carry what the plugin prints: `pipes`, a colon, and the number of the
/// host's process, if it reads both pipes as they are. Ours alone; a host that does not set it hears
/// what is printed over the connection. Another parent than the host means that the variable was
/// meant for another, as with [`LIFELINE`].
pub(crate) const STDIO: &str = "PINTLE_STDIO";

/// The prefix of every variable that is ours alone.
const OWN_PREFIX: &str = "PINTLE_";

/// How a plugin learns that its host is gone, however that died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifeline {
    /// Its stdin, where nothing comes, has ended.
    Stdin,
    /// Not at all: it is to outlive its host.
    None,
}

impl Lifeline {
    const ALL: [Self; 2] = [Self::Stdin, Self::None];

    fn word(self) -> &'static str {
        match self {
            Self::Stdin => "stdin",
            Self::None => "none",
        }
    }

    /// The value of the variable, for a plugin of this process.
    pub(crate) fn of_own_process(self) -> String {
        format!("{}:{}", self.word(), std::process::id())
    }

    /// The lifeline and the host's number. A word that we do not know is from a newer host, and
    /// tells us nothing.
    fn parse(value: &str) -> Option<(Self, u32)> {
        let (word, host) = value.split_once(':')?;
        let lifeline = Self::ALL.into_iter().find(|one| word == one.word())?;
        Some((lifeline, host.parse().ok()?))
    }
}

/// What [`STDIO`] begins with.
const PIPES: &str = "pipes";

/// The value of [`STDIO`], for a plugin of this process.
pub(crate) fn pipes_of_own_process() -> String {
    format!("{PIPES}:{}", std::process::id())
}

/// The number of the host that reads the pipes. A word that we do not know is from a newer host,
/// and tells us nothing.
fn parse_pipes(value: &str) -> Option<u32> {
    let (word, host) = value.split_once(':')?;
    (word == PIPES).then(|| host.parse().ok())?
}

const SHARED: [&str; 7] = [
    PROTOCOL_VERSIONS,
    MIN_PORT,
    MAX_PORT,
    CLIENT_CERT,
    MULTIPLEX_GRPC,
    UNIX_SOCKET_DIR,
    UNIX_SOCKET_GROUP,
];

/// The TCP ports a plugin may listen on unless the host says otherwise.
pub(crate) const DEFAULT_PORTS: RangeInclusive<u16> = 10_000..=25_000;

/// Whether `name` is a variable of the handshake, which a host that is itself
/// a plugin must not pass on to its own plugins.
///
/// Of the names that begin with `PLUGIN_` only the handshake's own are meant:
/// others may belong to the application. Names that begin with `PINTLE_` are
/// all ours.
pub(crate) fn is_reserved(name: &str, cookie_key: &str) -> bool {
    // On Windows a variable has one name in any case.
    let same = |other: &str| match cfg!(windows) {
        true => name.eq_ignore_ascii_case(other),
        false => name == other,
    };
    same(cookie_key)
        || SHARED.into_iter().any(same)
        || name
            .get(..OWN_PREFIX.len())
            .is_some_and(|prefix| match cfg!(windows) {
                true => prefix.eq_ignore_ascii_case(OWN_PREFIX),
                false => prefix == OWN_PREFIX,
            })
}

/// A boolean in the spellings of Go's `strconv.ParseBool`, which Go's peers use.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
