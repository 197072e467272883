//! The environment a host gives its plugin: every variable by name, and both sides of it.
//!
//! The process's own environment is never touched here: it is looked up by a
//! function of the caller, and what is to be set is handed to the caller.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::excerpt::excerpt;
use crate::handshake::version::{LIST_LIMIT, format_list, parse_list};
use crate::handshake::{Handshake, Protocol, ProtocolVersion};

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

/// The prefix of every variable that is ours alone.
const OWN_PREFIX: &str = "PINTLE_";

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

/// The longest certificate that is read, in bytes of PEM.
const CERTIFICATE_LIMIT_BYTES: usize = 64 * 1024;

/// The longest value of any other variable that is read, in bytes.
const VALUE_LIMIT_BYTES: usize = 4 * 1024;

/// At most this many transports of a list are read; the rest is passed over.
const TRANSPORTS_LIMIT: usize = 32;

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

/// A boolean in the spellings of Go's `strconv.ParseBool`, which Go's peers use.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::handshake::odd::odd;

    const HANDSHAKE: Handshake = Handshake::new("COOKIE", "value");

    fn read(variables: &[(&str, &str)]) -> Result<PluginEnv, EnvError> {
        let cookie = [("COOKIE", "value")];
        let lookup = |name: &str| {
            let variable = variables
                .iter()
                .chain(&cookie)
                .find(|(known, _)| *known == name);
            variable.map(|(_, value)| OsString::from(value))
        };
        PluginEnv::read(&HANDSHAKE, lookup)
    }

    /// One part of what the plugin reads as `Debug` shows it, or the error.
    #[track_caller]
    fn check<T: std::fmt::Debug>(
        variables: &[(&str, &str)],
        part: impl Fn(PluginEnv) -> T,
        expected: &str,
    ) {
        let found = match read(variables) {
            Ok(env) => format!("{:?}", part(env)),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn only_the_exact_cookie_counts() {
        let missing = "the magic cookie COOKIE is not set as a host sets it";
        for wrong in ["", "Value", "value "] {
            check(&[("COOKIE", wrong)], |env| env.ports, missing);
        }
        let nothing = PluginEnv::read(&HANDSHAKE, |_| None);
        assert_eq!(nothing, Err(EnvError::Cookie { key: "COOKIE" }));
    }

    #[test]
    fn a_missing_cookie_is_told_before_anything_else() {
        check(
            &[("COOKIE", ""), (MIN_PORT, "x")],
            |env| env.ports,
            "the magic cookie COOKIE is not set as a host sets it",
        );
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        let expected = PluginEnv {
            versions: None,
            ports: 10_000..=25_000,
            client_cert: None,
            multiplex: None,
            socket_dir: None,
            socket_group: None,
            transports: None,
        };
        assert_eq!(read(&[]), Ok(expected.clone()));
        let empty: Vec<_> = SHARED
            .into_iter()
            .chain([TRANSPORTS])
            .map(|name| (name, ""))
            .collect();
        assert_eq!(read(&empty), Ok(expected));
    }

    #[test]
    fn a_list_of_versions_is_told_from_none() {
        let list = |text| [(PROTOCOL_VERSIONS, text)];
        let versions = |env: PluginEnv| env.versions;
        check(
            &list("3, 2"),
            versions,
            "Some([ProtocolVersion(3), ProtocolVersion(2)])",
        );
        check(&list("none"), versions, "Some([])");
        check(
            &list(&"1,".repeat(300)),
            versions,
            "PLUGIN_PROTOCOL_VERSIONS lists more than 256 versions",
        );
    }

    #[test]
    fn ports_are_a_range_or_an_error() {
        let ports = |env: PluginEnv| env.ports;
        check(&[(MIN_PORT, "1"), (MAX_PORT, "2")], ports, "1..=2");
        check(&[(MIN_PORT, " 7 "), (MAX_PORT, "7")], ports, "7..=7");
        check(&[(MIN_PORT, "0"), (MAX_PORT, "0")], ports, "0..=0");
        check(&[(MIN_PORT, "20000")], ports, "20000..=25000");
        check(
            &[(MAX_PORT, "9999")],
            ports,
            "the range of ports is empty: PLUGIN_MIN_PORT is 10000 and PLUGIN_MAX_PORT is 9999",
        );
        for text in ["x", "-1", "65536", "1.5"] {
            check(
                &[(MAX_PORT, text)],
                ports,
                &format!("PLUGIN_MAX_PORT is \"{text}\", which is not a port (0 to 65535)"),
            );
        }
    }

    #[test]
    fn any_word_about_multiplexing_is_told_from_silence() {
        let multiplex = |env: PluginEnv| env.multiplex;
        for (text, expected) in [
            ("true", "Some(true)"),
            ("1", "Some(true)"),
            ("false", "Some(false)"),
            ("nonsense", "Some(false)"),
        ] {
            check(&[(MULTIPLEX_GRPC, text)], multiplex, expected);
        }
    }

    #[test]
    fn an_unreadable_transport_does_not_spoil_the_list() {
        let transports = |env: PluginEnv| {
            let words = env.transports.unwrap();
            words.iter().map(Protocol::to_string).collect::<Vec<_>>()
        };
        check(
            &[(TRANSPORTS, "tarpc, grpc")],
            transports,
            r#"["tarpc", "grpc"]"#,
        );
        check(&[(TRANSPORTS, ",NEW!,grpc")], transports, r#"["grpc"]"#);
        let many = (1..=32)
            .map(|n| format!("\"a{n}\""))
            .collect::<Vec<_>>()
            .join(", ");
        let sent = (1..=40)
            .map(|n| format!("a{n}"))
            .collect::<Vec<_>>()
            .join(",");
        check(&[(TRANSPORTS, &sent)], transports, &format!("[{many}]"));
    }

    #[test]
    fn a_value_has_a_bound() {
        let long = "x".repeat(65_537);
        check(
            &[(CLIENT_CERT, &long)],
            |env| env.client_cert,
            "PLUGIN_CLIENT_CERT has 65537 bytes, and 65536 is the most",
        );
        assert!(read(&[(CLIENT_CERT, &long[1..])]).is_ok());
        check(
            &[(UNIX_SOCKET_GROUP, &long[..4_097])],
            |env| env.socket_group,
            "PLUGIN_UNIX_SOCKET_GROUP has 4097 bytes, and 4096 is the most",
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_an_error_except_for_a_directory() {
        use std::os::unix::ffi::OsStringExt;
        let read = |odd: &'static str| {
            PluginEnv::read(&HANDSHAKE, |name| match name {
                "COOKIE" => Some("value".into()),
                _ => (name == odd).then(|| OsString::from_vec(vec![0xff])),
            })
        };
        for name in [
            PROTOCOL_VERSIONS,
            MIN_PORT,
            CLIENT_CERT,
            UNIX_SOCKET_GROUP,
            TRANSPORTS,
        ] {
            assert_eq!(read(name), Err(EnvError::NotUnicode { name }));
        }
        assert!(read(UNIX_SOCKET_DIR).unwrap().socket_dir.is_some());
        assert_eq!(read(MULTIPLEX_GRPC).unwrap().multiplex, Some(false));
    }

    #[test]
    fn a_host_sets_only_what_it_wants() {
        let host = HostEnv {
            handshake: HANDSHAKE,
            versions: vec![2.into(), 3.into()],
            ports: None,
            client_cert: None,
            multiplex: false,
            socket_dir: None,
            socket_group: None,
            transports: vec![Protocol::GRPC, Protocol::TARPC],
        };
        let set: Vec<_> = host
            .into_variables()
            .iter()
            .map(|(name, value)| format!("{name}={}", value.display()))
            .collect();
        assert_eq!(
            set,
            [
                "COOKIE=value",
                "PLUGIN_PROTOCOL_VERSIONS=2,3",
                "PLUGIN_MIN_PORT=10000",
                "PLUGIN_MAX_PORT=25000",
                "PINTLE_TRANSPORTS=grpc,tarpc",
            ]
        );
    }

    #[test]
    fn exactly_the_variables_of_the_handshake_are_reserved() {
        for name in SHARED
            .into_iter()
            .chain([TRANSPORTS, "PINTLE_LATER", "COOKIE"])
        {
            assert!(is_reserved(name, "COOKIE"), "{name}");
        }
        for name in [
            "PATH",
            "PLUGIN_OF_THE_USER",
            "PINTLE",
            "COOKIES",
            "",
            "ÜPINTLE_",
        ] {
            assert!(!is_reserved(name, "COOKIE"), "{name}");
        }
    }

    fn host() -> impl Strategy<Value = HostEnv> {
        let text = || proptest::option::of(odd("-M=/ \n", 1..=20));
        (
            proptest::collection::vec(any::<u32>(), 1..4),
            any::<(u16, u16)>(),
            (text(), text(), text()),
            any::<bool>(),
            proptest::collection::vec(odd("gtr9_.-", 1..=32), 0..4),
        )
            .prop_map(
                |(versions, (a, b), (cert, dir, group), multiplex, transports)| HostEnv {
                    handshake: HANDSHAKE,
                    versions: versions.into_iter().map(ProtocolVersion::new).collect(),
                    ports: Some(a.min(b)..=a.max(b)),
                    client_cert: cert,
                    multiplex,
                    socket_dir: dir.map(PathBuf::from),
                    socket_group: group,
                    transports: transports
                        .iter()
                        .map(|word| word.parse().unwrap())
                        .collect(),
                },
            )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]

        #[test]
        fn a_plugin_reads_what_its_host_said(host in host()) {
            let expected = PluginEnv {
                versions: Some(host.versions.clone()),
                ports: host.ports.clone().unwrap_or(DEFAULT_PORTS),
                client_cert: host.client_cert.clone(),
                multiplex: host.multiplex.then_some(true),
                socket_dir: host.socket_dir.clone(),
                socket_group: host.socket_group.clone(),
                transports: (!host.transports.is_empty()).then(|| host.transports.clone()),
            };
            let variables: HashMap<_, _> = host.into_variables().into_iter().collect();
            prop_assert!(variables.keys().all(|name| is_reserved(name, "COOKIE")));
            let read = PluginEnv::read(&HANDSHAKE, |name| variables.get(name).cloned());
            prop_assert_eq!(read, Ok(expected));
        }

        #[test]
        fn no_environment_panics(values in proptest::array::uniform8(text())) {
            let names = SHARED.into_iter().chain([TRANSPORTS]);
            let variables: Vec<_> =
                names.zip(&values).map(|(name, value)| (name, &**value)).collect();
            match read(&variables) {
                Ok(env) => prop_assert!(env.ports.start() <= env.ports.end()),
                Err(error) => prop_assert!(error.to_string().len() < 300),
            }
        }
    }

    fn text() -> impl Strategy<Value = String> {
        odd("01259,, -+azT|\0ü", 0..=16)
    }
}
