//! Runs host and plugin as a user does.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::process::Command;

/// Resident memory may grow by this much, however many bytes pass.
const GROWTH_KIB: u64 = 32 * 1024;

#[test]
fn bytes_pass_unchanged_in_constant_memory_over_grpc() {
    check("grpc");
}

#[test]
fn bytes_pass_unchanged_in_constant_memory_over_tarpc() {
    check("tarpc");
}

#[track_caller]
fn check(transport: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_transfer-host"))
        .env("TRANSFER_PLUGIN", env!("CARGO_BIN_EXE_transfer-plugin"))
        .args(["--transport", transport, "128"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // That the checksums are equal is the host's own success.
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bytes = 128 * 1024 * 1024;
    assert!(
        text.starts_with(&format!(
            "over      {transport}\ncopied    {bytes} bytes there and back"
        )),
        "{text}"
    );
    let memory = text
        .lines()
        .find(|line| line.starts_with("memory"))
        .unwrap();
    let grown: Vec<u64> = memory
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    assert_eq!(grown.len(), 2, "{memory}");
    assert!(grown.iter().all(|kib| *kib < GROWTH_KIB), "{memory}");
}
