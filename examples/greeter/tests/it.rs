//! Runs the program as a user does.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::process::Command;

#[test]
fn the_host_prints_the_plugins_answer_and_what_happened() {
    let output = Command::new(env!("CARGO_BIN_EXE_greeter"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("launched  process "), "{text}");
    assert_eq!(
        lines[1..],
        [
            "agreed    protocol version 1, grpc, mutual TLS",
            "answered  Hello, world!",
            "ended     exit code 0",
        ]
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
