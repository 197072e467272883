//! What a set of plugins does when its program is to end.

use std::sync::OnceLock;
use std::time::Duration;

use pintle::{EndReason, Grpc, Interrupted, OutputTo, Plugins};
use pintle_testkit::{Doomed, World};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpid, kill_process, test_kill_process};

use crate::ROGUE;
use crate::orphans::Said;

/// Longer than any test may take: what waits for it waits for ever.
const FOR_EVER: Duration = Duration::from_secs(600);

/// The full name of a test of this file.
fn named(test: &str) -> String {
    format!("interrupts::{test}")
}

/// Launches a set as a host of its own, until it is told to end.
async fn until_told(test: &str, tell: Signal, modes: &[&str]) {
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host().plaintext());
        let plugins = Plugins::new().concurrent_starts(8);
        for (number, mode) in modes.iter().enumerate() {
            let command = world.rogue(&host, &format!("with-child {mode}"));
            plugins.add(number.to_string(), command).unwrap();
        }
        let started = OnceLock::new();
        let work = async {
            let families = async {
                let mut all = Vec::new();
                for _ in modes {
                    all.push(said.family().await);
                }
                started.get_or_init(|| all).concat()
            };
            tokio::join!(plugins.launch_all(Grpc), async {
                Doomed::await_death(families.await).await;
            })
        };
        let interrupted = plugins.until_interrupted(work).await.unwrap_err();
        let by = match interrupted {
            Interrupted::CtrlC { .. } => Signal::INT,
            Interrupted::Sigterm { .. } => Signal::TERM,
            other => panic!("{other:?}"),
        };
        assert_eq!(by, tell);
        assert!(world.is_clean());
        for family in started.get().unwrap() {
            let plugin = Pid::from_raw(family[0].try_into().unwrap()).unwrap();
            // Not even to be waited for.
            assert_eq!(test_kill_process(plugin), Err(Errno::SRCH));
        }
        return;
    }
    let mut host = Doomed::start(&named(test));
    host.signal(tell);
    assert!(host.ends().await.success());
    host.nobody_is_left().await;
}

#[tokio::test]
async fn ctrl_c_leaves_no_plugin_and_no_child() {
    let test = "ctrl_c_leaves_no_plugin_and_no_child";
    until_told(test, Signal::INT, &["well", "well", "well"]).await;
}

#[tokio::test]
async fn ctrl_c_while_plugins_start_leaves_none() {
    let test = "ctrl_c_while_plugins_start_leaves_none";
    until_told(test, Signal::INT, &["well", "silent", "silent"]).await;
}

#[tokio::test]
async fn sigterm_leaves_no_plugin_and_no_child() {
    let test = "sigterm_leaves_no_plugin_and_no_child";
    until_told(test, Signal::TERM, &["well", "silent"]).await;
}

#[tokio::test]
async fn a_second_ctrl_c_kills_at_once() {
    let test = "a_second_ctrl_c_kills_at_once";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let host = world
            .host()
            .close_timeout(FOR_EVER)
            .stdout(OutputTo::each(|chunk| {
                // It was asked to end, and does not.
                if chunk.starts_with(b"not yet") {
                    kill_process(getpid(), Signal::INT).unwrap();
                }
            }));
        let plugins = Plugins::new().close_timeout(FOR_EVER);
        let command = world.rogue(&host, "ignores-shutdown");
        plugins.add("stubborn", command).unwrap();
        let work = async {
            let session = plugins.launch("stubborn", Grpc).await.unwrap();
            Doomed::await_death(session.pid()).await;
        };
        match plugins.until_interrupted(work).await {
            Err(Interrupted::CtrlC { closed }) => {
                let closed = closed["stubborn"].as_ref().unwrap_err();
                assert_eq!(closed.reason(), EndReason::Killed);
            }
            other => panic!("{other:?}"),
        }
        return;
    }
    let mut host = Doomed::start(&named(test));
    host.signal(Signal::INT);
    assert!(host.ends().await.success());
    host.nobody_is_left().await;
}
