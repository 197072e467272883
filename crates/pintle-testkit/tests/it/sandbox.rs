//! What a plugin in a sandbox can and cannot do.

mod failing;
mod suite;

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use pintle::sandbox::Sandbox;
use pintle::{CallError, EndReason, Exit, Grpc, Host, OutputTo, Session};
use pintle_testkit::{Deeds, Doomed, World};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::ROGUE;

/// The program that these tests launch.
const INMATE: &str = env!("CARGO_BIN_EXE_inmate");

type Inmate = Box<dyn Deeds>;

/// A directory with a file in it that holds `secret`.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "secret").unwrap();
        Self { dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }
}

async fn launch(world: &World, sandbox: Sandbox) -> (Session, Inmate) {
    let launched = world.host().runner(sandbox).launch(Grpc).await;
    dispense(launched.unwrap()).await
}

async fn dispense(session: Session) -> (Session, Inmate) {
    let inmate = session.dispense::<dyn Deeds>().await.unwrap();
    (session, Box::new(inmate))
}

#[track_caller]
fn refused<T: std::fmt::Debug>(done: Result<T, CallError>, how: &str) {
    let error = done.unwrap_err().to_string();
    assert!(error.contains(how), "{error}");
}

#[tokio::test]
async fn a_plugin_reads_what_it_was_granted_and_no_file_outside() {
    let (world, granted, outside) = (World::new(INMATE), Place::new(), Place::new());
    let sandbox = Sandbox::new(INMATE).read(granted.path());
    let (session, inmate) = launch(&world, sandbox).await;
    assert_eq!(inmate.read(granted.file("file")).await.unwrap(), "secret");
    refused(inmate.read(outside.file("file")).await, "PermissionDenied");
    // Nor by a way that begins inside.
    let link = granted.path().join("link");
    std::os::unix::fs::symlink(outside.file("file"), &link).unwrap();
    refused(inmate.read(granted.file("link")).await, "PermissionDenied");
    session.close().await.unwrap();
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_file_can_be_granted_alone() {
    let (world, place) = (World::new(INMATE), Place::new());
    std::fs::write(place.file("other"), "secret").unwrap();
    let sandbox = Sandbox::new(INMATE).read(place.file("file"));
    let (session, inmate) = launch(&world, sandbox).await;
    assert_eq!(inmate.read(place.file("file")).await.unwrap(), "secret");
    refused(inmate.read(place.file("other")).await, "PermissionDenied");
    session.close().await.unwrap();
}

#[tokio::test]
async fn what_was_granted_for_reading_cannot_be_changed() {
    let (world, read, written) = (World::new(INMATE), Place::new(), Place::new());
    let sandbox = Sandbox::new(INMATE).read(read.path()).write(written.path());
    let (session, inmate) = launch(&world, sandbox).await;
    for file in ["file", "new"] {
        refused(inmate.write(read.file(file)).await, "PermissionDenied");
        inmate.write(written.file(file)).await.unwrap();
    }
    refused(inmate.remove(read.file("file")).await, "PermissionDenied");
    inmate.remove(written.file("file")).await.unwrap();
    refused(
        inmate.make_disk(written.file("disk")).await,
        "PermissionDenied",
    );
    session.close().await.unwrap();
    let kept = std::fs::read_to_string(read.file("file")).unwrap();
    assert_eq!(kept, "secret");
}

#[tokio::test]
async fn a_plugin_without_network_reaches_nobody_by_tcp() {
    let world = World::new(INMATE);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (session, inmate) = launch(&world, Sandbox::new(INMATE)).await;
    inmate.connect(address.clone()).await.unwrap();
    session.close().await.unwrap();

    let (session, inmate) = launch(&world, Sandbox::new(INMATE).no_network()).await;
    refused(inmate.connect(address).await, "NetworkUnreachable");
    // Its namespace gives it no privileges, and its files are still its user's.
    assert_eq!(inmate.privileges().await.unwrap(), "gains: false, has: 0");
    session.close().await.unwrap();
    assert!(world.is_clean());
}

#[tokio::test]
async fn memory_beyond_the_limit_is_refused() {
    let world = World::new(INMATE);
    let sandbox = Sandbox::new(INMATE).memory_limit_bytes(256 << 20);
    let (session, inmate) = launch(&world, sandbox).await;
    inmate.allocate(32 << 20).await.unwrap();
    refused(inmate.allocate(256 << 20).await, "OutOfMemory");
    session.close().await.unwrap();
}

#[tokio::test]
async fn no_more_files_are_open_than_the_limit() {
    let world = World::new(INMATE);
    let sandbox = Sandbox::new(INMATE).open_files_limit(64);
    let (session, inmate) = launch(&world, sandbox).await;
    inmate.open(16).await.unwrap();
    refused(inmate.open(64).await, "error 24");
    session.close().await.unwrap();
}

#[tokio::test]
async fn processor_time_beyond_the_limit_ends_the_plugin_and_the_reason_says_so() {
    let world = World::new(INMATE);
    let sandbox = Sandbox::new(INMATE)
        .cpu_time_limit(Duration::from_millis(500))
        .no_core_dumps();
    let (session, inmate) = launch(&world, sandbox).await;
    let spun = timeout(Duration::from_secs(60), inmate.spin()).await;
    assert!(spun.expect("nothing stops it").is_err());
    let closed = session.closed().await;
    assert_eq!(closed.exit(), Some(Exit::Signal(24)));
    let expected = "its processor time was used up in a sandbox, 1 s of processor time";
    assert_eq!(closed.diagnosis(), Some(expected));
    assert!(closed.to_string().contains(expected), "{closed}");
}

#[tokio::test]
async fn limits_that_cannot_be_run_into_here_are_set_all_the_same() {
    let world = World::new(INMATE);
    let sandbox = Sandbox::new(INMATE)
        .read("/proc")
        .processes_limit(123)
        .no_core_dumps();
    let (session, inmate) = launch(&world, sandbox).await;
    let limits = inmate.read("/proc/self/limits".to_owned()).await.unwrap();
    let of = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let words = line[name.len()..].split_whitespace().take(2);
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of("Max processes"), "123 123");
    assert_eq!(of("Max core file size"), "0 0");
    session.close().await.unwrap();
}

#[tokio::test]
async fn neither_a_plugin_nor_what_it_starts_has_privileges_or_gains_any() {
    let world = World::new(INMATE);
    let (session, inmate) = launch(&world, Sandbox::new(INMATE)).await;
    let none = "gains: false, has: 0";
    assert_eq!(inmate.privileges().await.unwrap(), none);
    let child = inmate.child(vec!["privileges".to_owned()]).await.unwrap();
    assert_eq!(child, none);
    session.close().await.unwrap();
}

#[tokio::test]
async fn what_a_plugin_starts_is_in_its_sandbox() {
    let (world, granted, outside) = (World::new(INMATE), Place::new(), Place::new());
    let sandbox = Sandbox::new(INMATE).read(granted.path());
    let (session, inmate) = launch(&world, sandbox).await;
    for (place, expected) in [(&granted, "secret"), (&outside, "PermissionDenied")] {
        let args = ["read".to_owned(), place.file("file")];
        assert_eq!(inmate.child(args.to_vec()).await.unwrap(), expected);
    }
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_file_the_host_has_open_is_not_passed_on() {
    let (world, place) = (World::new(INMATE), Place::new());
    let forgotten = std::fs::File::open(place.file("file")).unwrap();
    // As a library that knows nothing of children leaves its files.
    fcntl_setfd(&forgotten, FdFlags::empty()).unwrap();
    let has_it = async |inmate: Inmate| {
        let open = inmate.links("/proc/self/fd".to_owned()).await.unwrap();
        assert!(open.iter().any(|path| path == "/dev/null"), "{open:?}");
        open.contains(&place.file("file"))
    };
    let launched = world.host().command(INMATE).launch(Grpc).await.unwrap();
    let (session, inmate) = dispense(launched).await;
    assert!(has_it(inmate).await);
    session.close().await.unwrap();

    let (session, inmate) = launch(&world, Sandbox::new(INMATE).read("/proc")).await;
    assert!(!has_it(inmate).await);
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_plugin_cannot_reach_into_its_host() {
    let world = World::new(INMATE);
    let (session, inmate) = launch(&world, Sandbox::new(INMATE).read("/proc")).await;
    let host = std::process::id();
    for file in ["environ", "mem", "maps"] {
        let read = inmate.read(format!("/proc/{host}/{file}")).await;
        refused(read, "PermissionDenied");
    }
    refused(inmate.signal(host).await, "PermissionDenied");
    inmate.signal(session.pid().unwrap()).await.unwrap();
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_bare_name_and_a_working_directory_are_those_of_the_plugin() {
    let world = World::new(INMATE);
    let dir = PathBuf::from(INMATE).parent().unwrap().to_owned();
    let host: Host = world.host().env("PATH", &dir);
    let launched = host.runner(Sandbox::new("inmate")).launch(Grpc).await;
    launched.unwrap().close().await.unwrap();

    let sandbox = Sandbox::new("./inmate").current_dir(&dir);
    let (session, _) = launch(&world, sandbox).await;
    session.close().await.unwrap();
}

/// A program that knows nothing of pintle: what it is bound to its host by is the death signal,
/// which the kernel forgets on some ways to gain or lose rights.
#[tokio::test]
async fn a_program_in_a_sandbox_does_not_outlive_a_host_killed_with_its_guard() {
    let test = "a_program_in_a_sandbox_does_not_outlive_a_host_killed_with_its_guard";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (say, mut said) = unbounded_channel();
        let host = world.host().stdout(OutputTo::each(move |chunk| {
            let _ = say.send(String::from_utf8_lossy(chunk).trim().to_owned());
        }));
        let stranger = host.runner(Sandbox::new(ROGUE).arg("stalls").no_network());
        let launch = stranger.launch(Grpc);
        let died = async {
            let pid = said.recv().await.unwrap().parse::<u32>().unwrap();
            Doomed::await_death([pid]).await;
        };
        tokio::select! {
            launched = launch => panic!("it does not become a session: {launched:?}"),
            () = died => {}
        }
        return;
    }
    let mut host = Doomed::start(&format!("sandbox::{test}"));
    kill_process(host.guard(), Signal::KILL).unwrap();
    host.kill();
    host.family_is_gone().await;
}

#[tokio::test]
async fn an_unexpected_end_is_told_with_the_walls_of_the_sandbox() {
    let (world, place) = (World::new(INMATE), Place::new());
    let sandbox = Sandbox::new(INMATE).read(place.path()).no_network();
    let (session, _) = launch(&world, sandbox).await;
    let pid = Pid::from_raw(session.pid().unwrap() as i32).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    let closed = session.closed().await;
    assert_eq!(closed.reason(), EndReason::Exited);
    let walls = format!(
        "it ran in a sandbox, no network, reads {}",
        place.path().display()
    );
    assert_eq!(closed.diagnosis(), Some(&*walls));
    assert!(world.is_clean());
}
