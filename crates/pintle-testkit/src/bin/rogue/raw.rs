//! Programs that print bytes and wait, and never become a session.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// Starts a process that takes no hint to end, and says who it is and who the child.
#[allow(
    clippy::zombie_processes,
    reason = "it is there to outlive us, and to be waited for by nobody"
)]
pub(crate) fn begets_a_child() {
    let script = "trap '' HUP INT TERM; exec sleep 120";
    let child = Command::new("sh").args(["-c", script]).spawn();
    let child = child.expect("every Unix has it").id();
    println!("family: {} {child}", std::process::id());
}

/// Starts a process in a group of its own that holds our outputs until `script` ends.
#[allow(
    clippy::zombie_processes,
    reason = "it is there to outlive us, and to be waited for by nobody"
)]
pub(crate) fn loses_a_child(script: &str) {
    let mut child = Command::new("sh");
    let child = child.args(["-c", script]).process_group(0).spawn();
    child.expect("every Unix has it");
}

/// The child lives for as long as the host holds our stdin.
pub(crate) fn exits_early_and_loses_a_child() {
    loses_a_child("read line");
    eprintln!("error: out of cheese");
    std::process::exit(3);
}

/// The child lives until nobody reads any more.
pub(crate) fn loses_a_chatty_child() {
    loses_a_child("while echo chatter >&2; do sleep 0.01; done");
}

pub(crate) fn exits_early() {
    eprintln!("reading rogue.toml");
    eprintln!("\u{1b}[31merror\u{1b}[0m: line 7: `colour` is no setting");
    std::process::exit(3);
}

pub(crate) fn garbage() {
    println!("Hello, world!");
    println!("I am \u{1b}[31mno\u{1b}[0m plugin.");
}

/// Longer than any host reads; the pipe breaks in between.
pub(crate) fn floods_stdout() {
    let line = format!("{}\n", "lorem ipsum ".repeat(80));
    while std::io::stdout().write_all(line.as_bytes()).is_ok() {}
    waits();
}

/// Says who it is, which is no handshake, and waits.
pub(crate) fn stalls() {
    println!("{}", std::process::id());
    waits();
}

pub(crate) fn closes_stdout() {
    let null = File::create("/dev/null").expect("every Unix has it");
    rustix::stdio::dup2_stdout(null).expect("a descriptor can be replaced");
    waits();
}

pub(crate) fn long_line() {
    print!("1|1|unix|/{}", "a".repeat(100_000));
    let _ = std::io::stdout().flush();
    waits();
}

/// Far longer than a test, yet not for ever: a test that crashed leaves nobody behind.
pub(crate) fn waits() {
    std::thread::sleep(Duration::from_secs(120));
}
