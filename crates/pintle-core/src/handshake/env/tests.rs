//! Both sides of the environment: what one says the other reads.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::handshake::odd::odd;
use crate::handshake::{Handshake, Protocol, ProtocolVersion};

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
        lifeline: None,
        pipes: None,
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

#[test]
fn how_to_learn_of_the_hosts_end_is_read_and_a_word_of_a_newer_host_says_nothing() {
    let lifeline = |value: &str| read(&[(LIFELINE, value)]).unwrap().lifeline;
    for one in [Lifeline::Stdin, Lifeline::None] {
        let own = std::process::id();
        assert_eq!(lifeline(&one.of_own_process()), Some((one, own)));
    }
    for other in ["smoke-signals:7", "stdin", "stdin:", "stdin:-1", "stdin:x"] {
        assert_eq!(lifeline(other), None, "{other}");
    }
    assert!(is_reserved(LIFELINE, "COOKIE"));
}

#[test]
fn who_reads_the_pipes_is_read_and_a_word_of_a_newer_host_says_nothing() {
    let pipes = |value: &str| read(&[(STDIO, value)]).unwrap().pipes;
    assert_eq!(pipes(&pipes_of_own_process()), Some(std::process::id()));
    for other in ["socket:7", "pipes", "pipes:", "pipes:-1", "pipes:x", "7"] {
        assert_eq!(pipes(other), None, "{other}");
    }
    assert!(is_reserved(STDIO, "COOKIE"));
}

proptest! {
    #![proptest_config(crate::long::cases())]

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
            lifeline: None,
            pipes: None,
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
