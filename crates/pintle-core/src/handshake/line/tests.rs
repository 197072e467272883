//! Lines as peers print them, right and wrong.

use std::error::Error;

use proptest::prelude::*;

use super::*;
use crate::handshake::odd::odd;

/// The line as we would print it, or the error with its causes.
#[track_caller]
fn check(line: &str, expected: &str) {
    let found = match HandshakeLine::parse(line) {
        Ok(line) => line.to_string(),
        Err(error) => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    };
    assert_eq!(found, expected);
}

fn certificate() -> String {
    "M".repeat(51)
}

#[test]
fn six_fields_are_read_and_printed() {
    check("1|2|unix|/tmp/p|grpc|", "1|2|unix|/tmp/p|grpc|");
    check(
        "1|2|tcp|127.0.0.1:10000|tarpc|",
        "1|2|tcp|127.0.0.1:10000|tarpc|",
    );
    let line = format!("1|2|unix|/tmp/p|grpc|{}", certificate());
    check(&line, &line);
}

/// The page is for those who write a peer; a row of it that is not so fails here.
#[test]
fn the_protocol_page_tells_the_truth_about_lines() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page
        .lines()
        .filter(|row| row.starts_with("| `1") || row.starts_with("| `2"));
    let mut checked = 0;
    for row in rows {
        let row = row.replace("\\|", "\u{1}");
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, line, expected, _] = cells[..] else {
            panic!("not a row of two cells: {row}")
        };
        let plain = |cell: &str| {
            let text = cell.trim_matches('`').replace('\u{1}', "|");
            text.replace("|C", &format!("|{}", certificate()))
        };
        let found = match HandshakeLine::parse(&plain(line)) {
            Ok(line) => line.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, plain(expected), "{line}");
        checked += 1;
    }
    assert_eq!(checked, 11, "the page's tables of lines");
}

#[test]
fn the_white_space_around_a_line_does_not_matter() {
    check("1|2|unix|/tmp/p|grpc|\r\n", "1|2|unix|/tmp/p|grpc|");
    check(" 1|2|unix|/tmp/p|grpc \n", "1|2|unix|/tmp/p|grpc|");
}

#[test]
fn the_oldest_plugins_speak_netrpc() {
    check("1|2|tcp|127.0.0.1:1", "1|2|tcp|127.0.0.1:1|netrpc|");
    check("1|2|tcp|127.0.0.1:1|netrpc", "1|2|tcp|127.0.0.1:1|netrpc|");
}

#[test]
fn a_short_sixth_field_is_no_certificate() {
    let none = "1|2|unix|/p|grpc|";
    check(&format!("{none}{}", "M".repeat(50)), none);
    check(
        &format!("{none}{}", "M".repeat(51)),
        &format!("{none}{}", "M".repeat(51)),
    );
}

#[test]
fn a_seventh_field_tells_whether_the_broker_is_multiplexed() {
    check("1|2|unix|/p|grpc||true", "1|2|unix|/p|grpc||true");
    check("1|2|unix|/p|grpc||0", "1|2|unix|/p|grpc||false");
    check("1|2|unix|/p|grpc||", "1|2|unix|/p|grpc|");
    check(
        "1|2|unix|/p|grpc||maybe",
        "the seventh field, multiplexing, is \"maybe\" and neither true nor false",
    );
}

#[test]
fn fields_of_a_later_wire_are_passed_over() {
    check(
        "1|2|unix|/p|grpc||true|more|and more",
        "1|2|unix|/p|grpc||true",
    );
}

#[test]
fn what_is_no_handshake_is_shown_with_what_may_be_wrong() {
    let hint = "(the program may not be a plugin; a plugin must print nothing to stdout \
                before its handshake)";
    for (line, shown) in [
        ("Hello, world!\n", "Hello, world!"),
        ("", ""),
        ("1|2|unix", "1|2|unix"),
        ("a|b|c|d|e|f", "a|b|c|d|e|f"),
        ("-1|2|unix|/p", "-1|2|unix|/p"),
        ("\x1b[31mred", r"\u{1b}[31mred"),
    ] {
        check(line, &format!("not a handshake line: \"{shown}\" {hint}"));
    }
    let long = "x".repeat(60_000);
    let error = HandshakeLine::parse(&long).unwrap_err().to_string();
    assert!(
        error.contains("… (59800 bytes more)") && error.len() < 400,
        "{error}"
    );
}

#[test]
fn another_core_version_is_told_before_anything_else() {
    let told = |found: &str| {
        format!(
            "the plugin speaks core version {found} and this host speaks 1: \
             rebuild the older of the two with a current library"
        )
    };
    check("2|x|?|?", &told("2"));
    check("0|1|unix|/p|grpc|", &told("0"));
    check("99999999999|1|unix|/p|grpc|", &told("99999999999"));
}

#[test]
fn a_bad_field_is_named_and_shown() {
    check(
        "1|x|unix|/p|grpc|",
        "the second field, the application's protocol version, cannot be used: \
         \"x\" is not a version (a number up to 4294967295)",
    );
    check(
        "1|1|pipe|/p|grpc|",
        "the third and fourth fields, network and address, cannot be used: \
         \"pipe\" is not a network this side knows (unix, tcp)",
    );
    check(
        "1|1|unix||grpc|",
        "the third and fourth fields, network and address, cannot be used: \
         the path of the unix socket is empty",
    );
    check(
        "1|1|unix|/p|gRPC|",
        "the fifth field, the protocol, cannot be used: \"gRPC\" is not the word for a \
         transport (1 to 32 of a-z, 0-9, '_', '-' and '.')",
    );
}

#[test]
fn a_line_has_a_bound() {
    let line = |length: usize| {
        let start = "1|1|unix|/p|grpc|";
        format!("{start}{}", "M".repeat(length - start.len()))
    };
    check(&line(65_536), &line(65_536));
    check(
        &line(65_537),
        "the line has 65537 bytes, and a handshake line has 65536 at most",
    );
}

#[test]
fn a_handshake_line_is_told_from_other_output() {
    for line in [
        "1|1|",
        "1|1|unix|/p",
        "  1|22|unix|/p|grpc|\n",
        "7|1|whatever",
    ] {
        assert!(looks_like_handshake(line), "{line}");
    }
    for line in [
        "",
        "starting",
        "1|1",
        "|1|",
        "1||",
        "a|1|b",
        "1|b|c",
        "[1|1|unix",
        "-1|1|",
    ] {
        assert!(!looks_like_handshake(line), "{line}");
    }
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        odd("/aü @.-", 0..=32).prop_map(|path| Address::unix(path + "x").unwrap()),
        any::<std::net::SocketAddrV4>().prop_map(|address| Address::Tcp(address.into())),
        any::<(std::net::Ipv6Addr, u16)>().prop_map(|address| Address::Tcp(address.into())),
    ]
}

fn line() -> impl Strategy<Value = HandshakeLine> {
    let certificate = proptest::option::of(odd("AMz09+/", 26..=32).prop_map(|half| half.repeat(2)));
    (
        any::<u32>(),
        address(),
        "[a-z0-9_.-]{1,32}",
        certificate,
        any::<Option<bool>>(),
    )
        .prop_map(
            |(version, address, protocol, certificate, multiplex)| HandshakeLine {
                core_version: CORE_VERSION,
                app_version: version.into(),
                address,
                protocol: protocol.parse().unwrap(),
                certificate,
                multiplex,
            },
        )
}

proptest! {
    #![proptest_config(crate::long::cases())]

    #[test]
    fn a_printed_line_is_read_back_equal(line in line()) {
        let printed = line.to_string();
        prop_assert!(looks_like_handshake(&printed));
        prop_assert_eq!(HandshakeLine::parse(&printed), Ok(line));
    }

    #[test]
    fn no_line_panics_and_no_error_is_long(
        line in prop_oneof![
            odd("|||012 a\n\0\"\u{202e}ü", 0..=32),
            odd("|||012 a:/[]", 0..=28).prop_map(|rest| format!("1|1|tcp|{rest}")),
            odd("|||01t a/\0ü", 0..=28).prop_map(|rest| format!("1|1|unix|/{rest}")),
        ],
    ) {
        match HandshakeLine::parse(&line) {
            Ok(read) => prop_assert_eq!(HandshakeLine::parse(&read.to_string()), Ok(read)),
            Err(error) => prop_assert!(error.to_string().len() < 1_200),
        }
    }
}
