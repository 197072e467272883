//! Every story with both programs in Rust; with the peers in Go they are told by `cargo xtask interop`.

use std::process::{Command, Output};

#[track_caller]
fn check(host: &str, host_args: &[&str], plugin: &str, plugin_args: &[&str], transcript: &str) {
    for options in [
        &["--tls", "none"][..],
        &["--tls", "auto"],
        &["--mux", "--tls", "none"],
        &["--mux", "--tls", "auto"],
    ] {
        let output = run(host, &[host_args, options].concat(), plugin, plugin_args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            transcript,
            "{stderr}"
        );
        assert!(output.status.success(), "{stderr}");
    }
}

#[track_caller]
fn check_kv(host_args: &[&str], story: &str, transcript: &str) {
    let (host, plugin) = (
        env!("CARGO_BIN_EXE_interop-kv-host"),
        env!("CARGO_BIN_EXE_interop-kv-plugin"),
    );
    check(host, host_args, plugin, &[story], transcript);
}

fn run(host: &str, host_args: &[&str], plugin: &str, plugin_args: &[&str]) -> Output {
    Command::new(host)
        .args(host_args)
        .args(["--", plugin])
        .args(plugin_args)
        .output()
        .expect("the host was built with this test")
}

#[test]
fn calls_errors_and_large_answers_come_through() {
    let transcript = "\
ping: ok
put hello = world
get hello = world
get missing: NotFound no such key: missing
big = 5000000 bytes
exit: clean
";
    check_kv(&["--story", "kv"], "kv", transcript);
}

#[test]
fn the_newest_common_version_answers() {
    let told =
        |version| format!("version: {version}\nget hello = world (v{version})\nexit: clean\n");
    for (versions, version) in [("2,3", 3), ("2", 2)] {
        let args = ["--story", "negotiated", "--versions", versions];
        check_kv(&args, "negotiated", &told(version));
    }
}

#[test]
fn no_version_in_common_is_refused() {
    let args = ["--story", "negotiated", "--versions", "7,9"];
    check_kv(&args, "negotiated", "refused: version\n");
}

#[test]
fn all_that_is_printed_arrives_once() {
    let transcript = "\
stdout: out line
stderr: err line
stdout flood: 102400 bytes
stderr flood: 102400 bytes
exit: clean
";
    check_kv(&["--story", "stdio"], "stdio", transcript);
}

#[test]
fn all_that_is_logged_arrives_once_with_its_level_and_fields() {
    let transcript = "\
log trace: hello answer=42 name=kv
log debug: hello answer=42 name=kv
log info: hello answer=42 name=kv
log warn: hello answer=42 name=kv
log error: hello answer=42 name=kv
exit: clean
";
    check_kv(&["--story", "logs"], "logs", transcript);
}

#[test]
fn reflection_lists_exactly_what_is_served() {
    let transcript = "\
services: grpc.health.v1.Health, grpc.reflection.v1.ServerReflection, \
grpc.reflection.v1alpha.ServerReflection, plugin.GRPCBroker, plugin.GRPCController, \
plugin.GRPCStdio, proto.KV
exit: clean
";
    check_kv(&["--story", "reflect"], "reflect", transcript);
}

#[test]
fn the_plugin_comes_back_to_its_host() {
    let transcript = "\
put n + 1
put n + 2
put n + 3
counter n = 6
helper calls: 3
exit: clean
";
    let (host, plugin) = (
        env!("CARGO_BIN_EXE_interop-counter-host"),
        env!("CARGO_BIN_EXE_interop-counter-plugin"),
    );
    check(host, &[], plugin, &[], transcript);
}

#[test]
fn both_sides_dial_each_other_one_after_the_other_and_many_at_once() {
    let transcript = "\
the plugin dialled 100 times
the plugin dialled 100 times, 16 at once
the host dialled 100 times
the host dialled 100 times, 16 at once
exit: clean
";
    let (host, plugin) = (
        env!("CARGO_BIN_EXE_interop-callbacks-host"),
        env!("CARGO_BIN_EXE_interop-callbacks-plugin"),
    );
    check(host, &[], plugin, &[], transcript);
}

#[test]
fn a_plugin_that_was_left_is_found_again_by_its_token() {
    let transcript = "\
put hello = world
reattached to the same process
get hello = world
exit: gone
";
    check_kv(&["--story", "reattach"], "reattach", transcript);
}

#[test]
fn a_plugin_in_test_mode_is_visited_and_ends_with_whoever_started_it() {
    let transcript = "\
first visit: put hello = world
second visit: get hello = world
third visit: ping: ok
exit: clean
";
    check_kv(&["--story", "test-mode"], "test-mode", transcript);
}

#[test]
fn a_panic_that_ends_the_plugin_is_an_error_in_the_log_and_named_in_the_lost_call() {
    let transcript = "\
log error: panic: out of cheese
call: lost
exit: crashed
";
    check_kv(&["--story", "panics"], "panics", transcript);
}

#[track_caller]
fn check_store(host_args: &[&str], transcript: &str) {
    let (host, plugin) = (
        env!("CARGO_BIN_EXE_interop-store-host"),
        env!("CARGO_BIN_EXE_interop-store-plugin"),
    );
    check(host, host_args, plugin, &[], transcript);
}

#[test]
fn values_typed_errors_and_callbacks_cross_an_interface() {
    let transcript = r#"put hello = world
get hello = world
get missing: NotFound not_found missing
echo "full" Removed, note "", counts down=-3 none=0, took 1000000005, at -1500000000, from here:65535, range 0..0, via a:1 :0
echo "" Put, note none, counts none, took 0, at 0, from :0, range 3.., via none
count = 3, told of 1, 2, 3
count stopped: Unknown lost Aborted enough
exit: clean
"#;
    check_store(&[], transcript);
}

#[test]
fn readers_writers_and_streams_cross_an_interface_with_their_failures() {
    let transcript = r#"import big = 1000000 bytes, told of 250000, 500000, 750000, 1000000
import nothing = 0 bytes
import broken: Aborted broken not yours
export big = 1000000 bytes, the same
export missing: NotFound not_found missing
export refused: Aborted broken no room
watch "a/1" Put, note "one", counts bytes=3, took 3000000, at 86400003000000, from shelf:7, bytes "one", via shelf:7
watch "a/2" Removed, note none, counts bytes=0, took 0, at 86400000000000, from shelf:7, whole, via shelf:7
watch broken: 1 event, then NotFound gone
watch endless: 3 events, then let go
feed = 3 events, the last three
feed broken: Aborted broken too late
exit: clean
"#;
    check_store(&["--flows"], transcript);
}
