//! What an operator reads when a launch fails, word for word. What the rogue's vices come to is in
//! `rogue`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pintle::{BoxFuture, Grpc, Host, PluginCommand, Runner, StartError, StartPlan, Started};
use pintle_testkit::World;

use crate::ROGUE;

/// The report of a launch that fails. What differs from run to run is replaced:
/// `ROGUE` is the program, `DIR` the world's directory, and `SESSION` the name
/// of the session's directory in it.
#[track_caller]
fn check(world: &World, command: &PluginCommand, expected: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime
        .block_on(command.launch(Grpc))
        .expect_err("the launch should fail");
    let report = error
        .report()
        .to_string()
        .replace(ROGUE, "ROGUE")
        .replace(&*world.sockets().to_string_lossy(), "DIR");
    assert_eq!(
        without_session(&report).lines().collect::<Vec<_>>(),
        expected
    );
    assert!(world.is_clean(), "the launch left something behind");
}

/// As [`check`], of the rogue in one of its modes.
#[track_caller]
fn check_mode(mode: &str, options: impl Fn(Host) -> Host, expected: &[&str]) {
    let world = World::new(ROGUE);
    let command = world.rogue(&options(world.host()), mode);
    check(&world, &command, expected);
}

/// As [`check`], of a file made for the purpose, whose path is `FILE`.
#[track_caller]
fn check_file(content: &[u8], mode: u32, expected: &[&str]) {
    let world = World::new(ROGUE);
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("plugin");
    write_for_exec(&program, content);
    fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
    let expected: Vec<_> = expected
        .iter()
        .map(|line| line.replace("FILE", &program.to_string_lossy()))
        .collect();
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    check(&world, &world.host().command(program), &expected);
}

/// Writes by another process: a descriptor of ours, open for writing, might be
/// in a child that another test is just forking, and the file then be busy.
fn write_for_exec(program: &Path, content: &[u8]) {
    let source = program.with_extension("source");
    fs::write(&source, content).unwrap();
    let copied = Command::new("cp").arg(&source).arg(program).status();
    assert!(copied.unwrap().success());
}

fn without_session(text: &str) -> String {
    let Some((before, rest)) = text.split_once("/pintle-") else {
        return text.to_owned();
    };
    let name: String = rest
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    format!("{before}/SESSION{}", &rest[name.len()..])
}

#[test]
fn a_program_that_cannot_be_started_is_named_with_the_cause_and_what_to_do() {
    let world = World::new(ROGUE);
    let host = world.host();
    let sought = "  hint: a name without a slash is sought in PATH, a relative path from the working directory";
    check(
        &world,
        &host.command("/no/such/plugin"),
        &[
            "could not launch plugin `/no/such/plugin`: there is no such program",
            sought,
        ],
    );
    check(
        &world,
        &host.command("no-such-plugin"),
        &[
            "could not launch plugin `no-such-plugin`: there is no such program",
            sought,
        ],
    );
    check(
        &world,
        &host.command(ROGUE).current_dir("/no/such/directory"),
        &[
            "could not launch plugin `ROGUE`: the working directory `/no/such/directory` does not exist",
        ],
    );
    check_file(
        b"#!/bin/sh\n",
        0o644,
        &[
            "could not launch plugin `FILE`: it may not be executed",
            "  hint: give it the permission with chmod +x; is it a directory, or on a file system mounted noexec?",
        ],
    );
    check_file(
        b"#!/no/such/interpreter\n",
        0o755,
        &[
            "could not launch plugin `FILE`: it exists, but the interpreter or loader it asks for does not",
            "  hint: a script names it in its first line; of a binary `file` shows it (built for musl or for glibc?)",
        ],
    );
    let foreign = [
        "could not launch plugin `FILE`: it is not a program for this machine",
        "  hint: it is built for another architecture or system, or is no program at all; `file` tells",
    ];
    check_file(&program_for_another_machine(), 0o755, &foreign);
    check_file(b"hello\n", 0o755, &foreign);
}

/// An ELF header for a machine that this one is not.
fn program_for_another_machine() -> Vec<u8> {
    const X86_64: u16 = 62;
    const AARCH64: u16 = 183;
    let machine = if cfg!(target_arch = "aarch64") {
        X86_64
    } else {
        AARCH64
    };
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(16, 0);
    elf.extend([2, 0]);
    elf.extend(machine.to_le_bytes());
    elf.resize(128, 0);
    elf
}

#[test]
fn a_directory_for_sockets_that_cannot_be_used_is_named_with_its_option() {
    let world = World::new(ROGUE);
    let host = |dir: &Path| world.host().socket_dir(dir);
    check(
        &world,
        &host(&world.sockets().join("missing")).command(ROGUE),
        &[
            "could not launch plugin `ROGUE`: no directory for sockets could be made: \
             No such file or directory (os error 2) at path \"DIR/missing/SESSION\"",
            "  hint: does the directory of Host::socket_dir (or TMPDIR) exist, and may the host write there?",
        ],
    );

    let elsewhere = tempfile::Builder::new()
        .prefix("")
        .rand_bytes(6)
        .tempdir_in("/tmp")
        .unwrap();
    let long = elsewhere.path().join("l".repeat(80));
    fs::create_dir(&long).unwrap();
    let path = format!("{}/SESSION/plugin1234567890", long.display());
    check(
        &world,
        &host(&long).command(ROGUE),
        &[
            &format!(
                "could not launch plugin `ROGUE`: the socket path \"{path}\" has 123 bytes, and 107 is the most"
            ),
            "  hint: choose a shorter directory with Host::socket_dir (or TMPDIR)",
        ],
    );
    assert_eq!(fs::read_dir(&long).unwrap().count(), 0);
}

#[test]
fn versions_that_do_not_meet_are_all_shown() {
    let mismatch = |accepted, chose| {
        format!(
            "could not launch plugin `ROGUE`: no common protocol version: the host accepts {accepted}; the plugin chose {chose}"
        )
    };
    let word = |accepted| {
        format!(
            "    [ERROR] no common protocol version: the host accepts {accepted}; this plugin serves 7, 8"
        )
    };
    check_mode(
        "serves-7-and-8",
        |host| host.versions([1, 2]),
        &[
            &mismatch("1, 2", 7),
            "  hint: the plugin is newer than this host: update the host",
            "  its last stderr lines:",
            &word("1, 2"),
        ],
    );
    check_mode(
        "serves-7-and-8",
        |host| host.versions([9]),
        &[
            &mismatch("9", 7),
            "  hint: let the plugin serve a version that the host accepts, or update it",
            "  its last stderr lines:",
            &word("9"),
        ],
    );
}

/// A runner whose starts take for ever.
struct Waits;

impl Runner for Waits {
    fn program(&self) -> String {
        "an image".to_owned()
    }

    fn start(&self, _: StartPlan) -> BoxFuture<'_, Result<Started, StartError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_runner_that_does_not_start_anything_is_given_up_after_the_start_timeout() {
    let world = World::new(ROGUE);
    let host = world.host().start_timeout(Duration::from_millis(50));
    let error = host.runner(Waits).launch(Grpc).await.unwrap_err();
    assert_eq!(
        error.report().to_string(),
        "could not launch plugin `an image`: it was not started within 50ms\n  \
         hint: what starts it waits for something: a disk or a container engine that does not answer? \
         Host::start_timeout allows it more time"
    );
    assert!(world.is_clean());
}
