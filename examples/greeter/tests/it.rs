//! Runs the program as a user does.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::process::Command;

#[track_caller]
fn check(words: &[&str], agreed: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_greeter"))
        .args(words)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("launched  process "), "{text}");
    let expected = [agreed, "answered  Hello, world!", "ended     exit code 0"];
    assert_eq!(lines[1..], expected);
}

#[test]
fn the_host_prints_the_plugins_answer_and_what_happened() {
    for word in ["grpc", "tarpc"] {
        let agreed = format!("agreed    protocol version 1, {word}, mutual TLS");
        check(&["--transport", word], &agreed);
    }
    check(&[], "agreed    protocol version 1, tarpc, mutual TLS");
}

#[test]
fn a_transport_that_is_not_there_is_told_with_those_that_are() {
    let output = Command::new(env!("CARGO_BIN_EXE_greeter"))
        .args(["--transport", "netrpc"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        text,
        "Error: no transport is called \"netrpc\": there are tarpc, grpc\n"
    );
}

#[test]
fn run_by_hand_the_plugin_says_what_it_is_and_exits_1() {
    let output = Command::new(env!("CARGO_BIN_EXE_greeter"))
        .arg("plugin")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        output.stdout.is_empty(),
        "stdout is for the handshake line alone"
    );
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("this program is a plugin"), "{text}");
    assert!(text.contains("GREETER_PLUGIN"), "{text}");
}
