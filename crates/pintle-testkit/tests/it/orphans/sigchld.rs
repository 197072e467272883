//! Hosts that ignore SIGCHLD, of their own or by inheritance.

use std::process::Command;

use pintle::{Exit, Grpc, LaunchFailure, StartError};
use pintle_testkit::{World, eventually, has_ended};
use rustix::process::Pid;

use super::Said;
use crate::ROGUE;

/// Says to a test that it is run once more, in a process that has SIGCHLD ignored.
const CHILDLESS: &str = "PINTLE_TESTKIT_SIGCHLD_IGNORED";

/// Runs `story` in a process that was started with SIGCHLD ignored, as some that start others do.
fn with_sigchld_ignored(test: &str, story: impl Future<Output = ()>) {
    if std::env::var_os(CHILDLESS).is_some() {
        return tokio::runtime::Runtime::new().unwrap().block_on(story);
    }
    let output = Command::new("env")
        .arg("--ignore-signal=CHLD")
        .arg(std::env::current_exe().unwrap())
        .args([
            &format!("orphans::sigchld::{test}"),
            "--exact",
            "--nocapture",
        ])
        .env(CHILDLESS, "1")
        .output()
        .unwrap();
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    assert!(out.contains("1 passed"), "{test} is no test: {out}");
}

#[test]
fn a_host_that_was_started_with_sigchld_ignored_knows_how_its_plugins_end_and_leaves_none() {
    let test =
        "a_host_that_was_started_with_sigchld_ignored_knows_how_its_plugins_end_and_leaves_none";
    with_sigchld_ignored(test, async {
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let command = world.rogue(&host, "with-child well");
        let session = command.launch(Grpc).await.unwrap();
        let family = said.family().await;
        assert_eq!(session.close().await.unwrap(), Exit::Code(0));
        let family = family.iter().map(|pid| Pid::from_raw(*pid as i32).unwrap());
        let family: Vec<_> = family.collect();
        eventually("they are gone", || family.iter().all(|pid| has_ended(*pid))).await;
    });
}

#[test]
fn a_host_that_ignores_sigchld_again_is_told_so() {
    with_sigchld_ignored("a_host_that_ignores_sigchld_again_is_told_so", async {
        let world = World::new(ROGUE);
        let command = world.rogue(&world.host(), "well");
        command.launch(Grpc).await.unwrap().close().await.unwrap();
        ignore_sigchld();
        let error = command.launch(Grpc).await.unwrap_err();
        let expected = LaunchFailure::Start(StartError::SigchldIgnored).to_string();
        assert_eq!(error.failure().to_string(), expected);
    });
}

#[allow(unsafe_code, reason = "there is no other way to ignore a signal")]
fn ignore_sigchld() {
    // SAFETY: to be ignored is no code of ours.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_IGN);
    }
}
