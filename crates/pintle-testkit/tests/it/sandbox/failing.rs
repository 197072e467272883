//! Sandboxes that cannot be had, and what a person is told.

use std::os::unix::fs::PermissionsExt;

use pintle::sandbox::Sandbox;
use pintle::{Grpc, LaunchError};
use pintle_testkit::{Deeds, World};

use super::{INMATE, Place};
use crate::ROGUE;

async fn fails(sandbox: Sandbox) -> LaunchError {
    let world = World::new(INMATE);
    let command = world.host().runner(sandbox).env("PATH", "/bin:/usr/bin");
    let launched = command.launch(Grpc).await;
    let error = launched.expect_err("there is no such sandbox");
    assert!(world.is_clean());
    error
}

#[track_caller]
fn says(error: &LaunchError, expected: &str) {
    let report = error.report().to_string();
    assert!(report.contains(expected), "{report}");
}

#[tokio::test]
async fn a_granted_path_that_is_not_there_is_named() {
    let error = fails(Sandbox::new(INMATE).read("/no/such/fonts")).await;
    says(&error, "`/no/such/fonts` cannot be granted: No such file");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_as_without_a_sandbox() {
    let error = fails(Sandbox::new("/no/such/plugin")).await;
    says(&error, "there is no such program");
    let error = fails(Sandbox::new("no-such-plugin")).await;
    says(&error, "there is no such program");
    let place = Place::new();
    let error = fails(Sandbox::new(place.file("file"))).await;
    says(&error, "it may not be executed");
}

#[tokio::test]
async fn an_interpreter_outside_the_sandbox_is_told_and_can_be_granted() {
    let (world, place) = (World::new(INMATE), Place::new());
    let script = place.file("plugin");
    std::fs::write(&script, format!("#!/bin/sh\nexec {INMATE}\n")).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let error = fails(Sandbox::new(&script)).await;
    says(&error, "grant what loads or interprets it");

    let sandbox = Sandbox::new(&script).execute("/bin/sh").execute(INMATE);
    let launched = world.host().runner(sandbox).launch(Grpc).await;
    launched.unwrap().close().await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_does_not_start_is_told_with_the_walls_of_the_sandbox() {
    let sandbox = Sandbox::new(ROGUE).arg("exits-early").open_files_limit(64);
    let error = fails(sandbox).await;
    assert_eq!(
        error.diagnosis(),
        Some("it ran in a sandbox, 64 open files")
    );
    says(
        &error,
        "\n  its runner says: it ran in a sandbox, 64 open files\n",
    );
}

#[tokio::test]
async fn a_kernel_without_landlock_is_an_error_unless_that_is_allowed() {
    let name = "a_kernel_without_landlock_is_an_error_unless_that_is_allowed";
    let missing = libc::SYS_landlock_create_ruleset;
    if !kernel::is_without(name, missing, libc::ENOSYS) {
        return;
    }
    says(
        &fails(Sandbox::new(INMATE)).await,
        "landlock: this kernel has none",
    );
    let (world, outside) = (World::new(INMATE), Place::new());
    let sandbox = Sandbox::new(INMATE).best_effort().open_files_limit(64);
    let (session, inmate) = super::launch(&world, sandbox).await;
    assert_eq!(inmate.read(outside.file("file")).await.unwrap(), "secret");
    // What there is, is in force.
    assert!(inmate.open(64).await.is_err());
    assert_eq!(inmate.privileges().await.unwrap(), "gains: false, has: 0");
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_system_without_user_namespaces_is_an_error_unless_that_is_allowed() {
    let name = "a_system_without_user_namespaces_is_an_error_unless_that_is_allowed";
    if !kernel::is_without(name, libc::SYS_unshare, libc::EPERM) {
        return;
    }
    let error = fails(Sandbox::new(INMATE).no_network()).await;
    says(&error, "network namespace: user namespaces are ");
    let (world, outside) = (World::new(INMATE), Place::new());
    let sandbox = Sandbox::new(INMATE).best_effort().no_network();
    let (session, inmate) = super::launch(&world, sandbox).await;
    let read = inmate.read(outside.file("file")).await;
    assert!(read.is_err(), "what there is, is in force");
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_step_that_fails_in_the_new_process_is_named() {
    let name = "a_step_that_fails_in_the_new_process_is_named";
    if !kernel::is_without(name, libc::SYS_landlock_restrict_self, libc::E2BIG) {
        return;
    }
    let error = fails(Sandbox::new(INMATE)).await;
    says(
        &error,
        "the runner failed: landlock: Argument list too long",
    );
}

/// A kernel that does less than this one.
#[allow(
    unsafe_code,
    reason = "only the process itself can keep a system call from itself"
)]
mod kernel {
    use std::io;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    const VARIABLE: &str = "PINTLE_TESTKIT_KERNEL";

    /// Whether the kernel refuses `syscall` with `error`. If it does not, the test called `name` is
    /// run once more where it does, and must pass there.
    pub(super) fn is_without(name: &str, syscall: libc::c_long, error: i32) -> bool {
        if std::env::var_os(VARIABLE).is_some() {
            return true;
        }
        let name = format!("sandbox::failing::{name}");
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args([&name, "--exact", "--test-threads=1"])
            .env(VARIABLE, "1")
            .stdin(Stdio::null());
        let filter = filter(syscall as u32, error as u32);
        // SAFETY: it makes two system calls on memory that was prepared before.
        unsafe {
            test.pre_exec(move || install(&filter));
        }
        let output = test.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("1 passed"), "{said}");
        false
    }

    /// Answers one system call with an error and lets all others be.
    fn filter(syscall: u32, error: u32) -> [libc::sock_filter; 4] {
        let step = |code: u32, jf: u8, k: u32| libc::sock_filter {
            code: code as u16,
            jt: 0,
            jf,
            k,
        };
        [
            step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
            step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, syscall),
            step(
                libc::BPF_RET | libc::BPF_K,
                0,
                libc::SECCOMP_RET_ERRNO | error,
            ),
            step(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
        ]
    }

    fn install(filter: &[libc::sock_filter; 4]) -> io::Result<()> {
        let program = libc::sock_fprog {
            len: filter.len() as u16,
            filter: filter.as_ptr().cast_mut(),
        };
        rustix::thread::set_no_new_privs(true)?;
        // SAFETY: the program and its steps live until the call returns; the kernel copies them.
        let installed = unsafe {
            libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const program,
            )
        };
        match installed {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
