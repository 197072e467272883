//! Runs host and plugin as a user does.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::Path;
use std::process::{Command, Output};

fn host(dir: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kv-host"))
        .env("KV_PLUGIN", env!("CARGO_BIN_EXE_kv-plugin"))
        .args(words)
        .current_dir(dir)
        .output()
        .unwrap()
}

#[test]
fn what_was_put_is_got_by_a_later_plugin() {
    let dir = tempfile::tempdir().unwrap();
    let put = host(dir.path(), &["put", "hello", "world"]);
    assert!(
        put.status.success(),
        "{}",
        String::from_utf8_lossy(&put.stderr)
    );
    let got = host(dir.path(), &["get", "hello"]);
    assert_eq!(String::from_utf8(got.stdout).unwrap(), "world\n");
}

#[test]
fn a_key_that_was_never_put_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let got = host(dir.path(), &["get", "nothing"]);
    assert_eq!(got.status.code(), Some(1));
    let text = String::from_utf8(got.stderr).unwrap();
    assert!(text.contains("no such key: nothing"), "{text}");
}
