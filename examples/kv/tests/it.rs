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

#[track_caller]
fn printed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn what_was_put_is_got_by_a_later_plugin_over_either_transport() {
    let dir = tempfile::tempdir().unwrap();
    for (put, get) in [("grpc", "tarpc"), ("tarpc", "grpc")] {
        let put = ["--transport", put, "put", "hello", put];
        printed(&host(dir.path(), &put));
        let got = host(dir.path(), &["--transport", get, "get", "hello"]);
        assert_eq!(printed(&got), format!("{}\n", put[4]));
    }
}

#[test]
fn a_key_that_was_never_put_is_not_found_over_either_transport() {
    let dir = tempfile::tempdir().unwrap();
    for transport in ["grpc", "tarpc"] {
        let got = host(dir.path(), &["--transport", transport, "get", "nothing"]);
        assert_eq!(got.status.code(), Some(1));
        let text = String::from_utf8(got.stderr).unwrap();
        assert!(text.contains("no such key: nothing"), "{text}");
    }
}

#[test]
fn the_plugin_takes_the_hosts_first_choice_that_it_has() {
    let dir = tempfile::tempdir().unwrap();
    for (words, taken) in [
        (&["transport"][..], "tarpc\n"),
        (&["--transport", "grpc", "transport"], "grpc\n"),
        (&["--transport", "tarpc", "transport"], "tarpc\n"),
    ] {
        assert_eq!(printed(&host(dir.path(), words)), taken);
    }
}

#[cfg(unix)]
#[cfg(feature = "tarpc")]
#[tokio::test]
async fn a_call_whose_plugin_died_names_its_death_over_tarpc() {
    let session = pintle::Host::new(kv::HANDSHAKE)
        .command(env!("CARGO_BIN_EXE_kv-plugin"))
        .launch(pintle::Tarpc)
        .await
        .unwrap();
    let kv = session.dispense::<kv::KvPlugin>().await.unwrap();
    let pid = session.pid().unwrap().to_string();
    let kill = Command::new("kill").args(["-9", &pid]).status().unwrap();
    assert!(kill.success());
    let Err(kv::KvError::Call(error)) = kv.get("anything").await else {
        panic!("nobody is there to answer")
    };
    let error = error.downcast_ref().unwrap();
    let closed = pintle::tarpc::session_closed(error).expect("the reason");
    assert_eq!(closed.exit(), Some(pintle::Exit::Signal(9)));
}
