//! Runs the program as a user does.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::process::{Command, Output};

fn run(versions: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_negotiated"))
        .args(versions)
        .output()
        .unwrap()
}

#[track_caller]
fn check(versions: &[&str], expected: &str) {
    let output = run(versions);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn the_newest_version_both_have_is_chosen() {
    check(
        &["2", "3"],
        "agreed on version 3\nhello = world, put 1 time(s)\n",
    );
    check(&["1", "2"], "agreed on version 2\nhello = world\n");
    check(
        &["3", "9"],
        "agreed on version 3\nhello = world, put 1 time(s)\n",
    );
}

#[test]
fn no_version_in_common_is_told_with_both_sets() {
    let output = run(&["4", "5"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("the host accepts 4, 5; the plugin chose 2"),
        "{text}"
    );
}
