//! Runs host and plugin as a user does.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::Path;
use std::process::Command;

fn host(token: &Path, words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_handover-host"))
        .args(words)
        .env("HANDOVER_TOKEN", token)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    told
}

#[test]
fn a_plugin_remembers_across_its_hosts_until_it_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    assert_eq!(host(&token, &[]), "visitor 1\nleft running\n");
    assert_eq!(host(&token, &[]), "visitor 2\nleft running\n");
    assert_eq!(host(&token, &["stop"]), "visitor 3\nstopped\n");
    assert_eq!(host(&token, &["stop"]), "nothing to stop\n");
}
