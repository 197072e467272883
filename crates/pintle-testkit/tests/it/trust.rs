//! Which programs are executed, what they are told, and who may come near their sockets.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use pintle::trust::{PublicKey, Sha256, Signature, TrustError};
use pintle::{Address, Grpc, LaunchError, LaunchFailure, PluginCommand, Session, StartError};
use pintle_testkit::pb::Payload;
use pintle_testkit::{EchoPlugin, HANDSHAKE, World};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::{ROGUE, launch};

/// A plugin that is signed: it becomes the program that is its first argument.
const SCRIPT: &str = "#!/bin/sh\nexec \"$1\" well\n";
const KEY: &str = "RWTefCUQiT+UMQMMOFfe4oDarLugBEsTLulxIDfioAnT5s94V3L2oPm+";
const SIGNATURE: &str = "\
untrusted comment: signature from rsign secret key
RUTefCUQiT+UMenOL7EEzJzwMBJRoc9cJ2APKDqwIGB0ic+debQGOhgu+q7YjGA525pMrXYwuVBhmRYRkv4PTgfeUwgQvPnJlwo=
trusted comment: timestamp:0\tfile:plugin\thashed
e9VA59deH1RY4HLsMczpahkHHHLQVCwT52x+ZZL3kw1yRhYDusZQglq2XTUvdtXBm01Iv2/8YGvqHFwyRJmGBQ==
";

/// A program that leaves a trace when it is executed.
const EVIL: &str = "#!/bin/sh\ntouch \"$EVIL_TRACE\"\n";

/// A directory with programs in it, and a place for the trace of the evil one.
struct Place {
    world: World,
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        Self {
            world: World::new(ROGUE),
            dir,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes a program of this content, whatever was there.
    fn install(&self, name: &str, content: &str) -> PathBuf {
        let (path, new) = (self.path(name), self.path("new"));
        fs::write(&new, content).unwrap();
        fs::set_permissions(&new, Permissions::from_mode(0o755)).unwrap();
        fs::rename(new, &path).unwrap();
        path
    }

    fn command(&self, program: impl Into<PathBuf>) -> PluginCommand {
        let trace = self.path("trace");
        let host = self.world.host().env("EVIL_TRACE", trace);
        host.command(program).arg(ROGUE)
    }

    fn evil_was_executed(&self) -> bool {
        self.path("trace").exists()
    }
}

fn sha256(content: &str) -> Sha256 {
    Sha256::of(content.as_bytes()).unwrap()
}

fn key() -> PublicKey {
    PublicKey::parse(KEY).unwrap()
}

async fn works(session: Session) {
    let mut echo = session.dispense::<EchoPlugin>().await.unwrap();
    let hello = Payload {
        bytes: b"hello".to_vec(),
    };
    let answer = echo.calls.repeat(hello.clone()).await.unwrap();
    assert_eq!(answer.into_inner(), hello);
    assert!(session.close().await.unwrap().success());
}

#[track_caller]
fn check_refused(
    launched: Result<Session, LaunchError>,
    is_expected: impl Fn(&TrustError) -> bool,
) {
    let error = launched.expect_err("it should be refused");
    match error.failure() {
        LaunchFailure::Start(StartError::Untrusted(_, why)) if is_expected(why) => {}
        other => panic!("{other:?}"),
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_program_with_the_right_checksum_runs_under_its_own_name() {
    let world = World::new(ROGUE);
    let sum = Sha256::of(fs::File::open(ROGUE).unwrap()).unwrap();
    let command = world.rogue(&world.host(), "well").checksum(sum);
    let session = command.launch(Grpc).await.unwrap();
    let pid = session.pid().unwrap();
    let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
    assert_eq!(arguments, format!("{ROGUE}\0well\0"));
    works(session).await;
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_program_with_another_checksum_is_not_executed() {
    let place = Place::new();
    let plugin = place.install("plugin", EVIL);
    let launched = place
        .command(&plugin)
        .checksum(sha256(SCRIPT))
        .launch(Grpc)
        .await;
    let error = launched.as_ref().expect_err("it should be refused");
    assert_eq!(
        error.report().to_string(),
        format!(
            "could not launch plugin `{}`: it was not executed: its SHA-256 is {}, and not {}\n  \
             hint: was it updated? give the checksum of the new version to PluginCommand::checksum, \
             from whoever publishes it; if nobody did, do not run it",
            plugin.display(),
            sha256(EVIL),
            sha256(SCRIPT),
        )
    );
    check_refused(launched, |why| {
        matches!(why, TrustError::Checksum { expected, found }
            if *expected == sha256(SCRIPT) && *found == sha256(EVIL))
    });
    assert!(!place.evil_was_executed());
    assert!(place.world.is_clean());
}

#[tokio::test]
async fn a_checksum_from_a_published_list_lets_a_script_run() {
    let place = Place::new();
    let plugin = place.install("plugin", SCRIPT);
    let sums = format!(
        "{}  other\n{}  plugin\n",
        sha256(EVIL),
        Sha256::of(fs::File::open(&plugin).unwrap()).unwrap()
    );
    let sum = Sha256::find_in(&sums, "plugin").unwrap();
    let command = place.command(plugin).checksum(sum);
    works(command.launch(Grpc).await.unwrap()).await;
    works(command.detached().launch(Grpc).await.unwrap()).await;
}

#[tokio::test]
async fn a_signed_program_runs_and_one_that_was_changed_does_not() {
    let place = Place::new();
    let plugin = place.install("plugin", SCRIPT);
    fs::write(place.path("plugin.minisig"), SIGNATURE).unwrap();
    let command = place.command(&plugin).signed_by(key(), Signature::beside());
    works(command.launch(Grpc).await.unwrap()).await;

    place.install("plugin", EVIL);
    check_refused(command.launch(Grpc).await, |why| {
        matches!(why, TrustError::Signature(_))
    });
    assert!(!place.evil_was_executed());
}

#[tokio::test]
async fn a_verified_name_is_sought_once_in_the_path_of_the_plugin() {
    let place = Place::new();
    place.install("plugin", SCRIPT);
    let path = format!("/no/such:{}:/bin:/usr/bin", place.dir.path().display());
    let command = place.command("plugin").env("PATH", path);
    let command = command.checksum(sha256(SCRIPT));
    works(command.launch(Grpc).await.unwrap()).await;
    let missing = place.command("no-such-plugin").checksum(sha256(SCRIPT));
    let error = missing.launch(Grpc).await.expect_err("it is not there");
    assert!(
        matches!(
            error.failure(),
            LaunchFailure::Start(StartError::Missing(_))
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_others_may_write_is_refused_only_if_that_is_asked() {
    let place = Place::new();
    // By another process: a descriptor of ours, open for writing, might be in a child that another
    // test is just forking, and the file then be busy.
    let (source, plugin) = (place.install("source", SCRIPT), place.path("plugin"));
    let copied = Command::new("cp").arg(source).arg(&plugin).status().await;
    assert!(copied.unwrap().success());
    fs::set_permissions(&plugin, Permissions::from_mode(0o757)).unwrap();
    works(place.command(&plugin).launch(Grpc).await.unwrap()).await;
    let strict = place.command(&plugin).refuse_writable();
    let canonical = plugin.canonicalize().unwrap();
    check_refused(
        strict.launch(Grpc).await,
        |why| matches!(why, TrustError::Writable { path, mode: 0o757, .. } if *path == canonical),
    );
    fs::set_permissions(&plugin, Permissions::from_mode(0o755)).unwrap();
    works(strict.launch(Grpc).await.unwrap()).await;
}

/// Replaces a program by the evil one and back, as fast as it can, until it is dropped.
struct Swapping {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Swapping {
    fn start(place: Arc<Place>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let plugin = place.install("plugin", EVIL);
                place.install("plugin", SCRIPT);
                // The same file, too, and not only the same name.
                let _ = fs::write(&plugin, EVIL);
                place.install("plugin", SCRIPT);
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Swapping {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_swapped_all_the_time_never_runs_unverified() {
    let place = Arc::new(Place::new());
    let plugin = place.install("plugin", SCRIPT);
    let command = place.command(plugin).checksum(sha256(SCRIPT));
    let swapping = Swapping::start(Arc::clone(&place));
    for _ in 0..20 {
        match command.launch(Grpc).await {
            Ok(session) => works(session).await,
            refused => check_refused(refused, |why| matches!(why, TrustError::Checksum { .. })),
        }
    }
    drop(swapping);
    assert!(!place.evil_was_executed());
}

/// The variables that a process was given by its host.
async fn given(command: &PluginCommand, place: &Place) -> BTreeSet<String> {
    // The shell adds variables of its own, but not to what it was given.
    let script = "tr '\\0' '\\n' < /proc/$$/environ > \"$EVIL_TRACE\"";
    let command = command.clone().args(["-c", script]);
    command.launch(Grpc).await.expect_err("it is no plugin");
    let given = fs::read_to_string(place.path("trace")).unwrap();
    given.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_names_of_the_environment_are_what_a_plugin_is_given_beside_the_handshake() {
    let place = Place::new();
    let host = place.world.host().plaintext();
    let host = host.env("EVIL_TRACE", place.path("trace"));
    let command = host.command("sh").env("GIVEN", "by the user");
    let shown: BTreeSet<_> = command
        .environment_names()
        .into_iter()
        .map(|name| name.into_string().unwrap())
        .collect();
    let given = given(&command, &place).await;
    let handshakes = |name: &str| {
        ["PLUGIN_", "PINTLE_", HANDSHAKE.cookie_key()]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    let names = given.iter().filter_map(|line| line.split_once('='));
    let names = names.map(|(name, _)| name.to_owned());
    let (handshake, rest): (BTreeSet<_>, BTreeSet<_>) = names.partition(|name| handshakes(name));
    assert_eq!(rest, shown);
    assert!(shown.contains("GIVEN") && shown.contains("PATH"));
    assert!(handshake.contains("PLUGIN_PROTOCOL_VERSIONS"));
}

#[tokio::test]
async fn the_users_values_win_over_inherited_ones_and_the_handshakes_over_the_users() {
    let place = Place::new();
    let host = place.world.host().plaintext().inherit_all_env();
    let host = host.env("EVIL_TRACE", place.path("trace"));
    let command = host
        .command("/bin/sh")
        .env("PATH", "/bin:/usr/bin:/of/the/user")
        .env(HANDSHAKE.cookie_key(), "stolen")
        .env("PLUGIN_PROTOCOL_VERSIONS", "99")
        .env("PLUGIN_CLIENT_CERT", "stolen")
        .env("PLUGIN_OF_THE_USER", "kept");
    let given = given(&command, &place).await;
    for expected in [
        "PATH=/bin:/usr/bin:/of/the/user",
        "PLUGIN_PROTOCOL_VERSIONS=1",
        "PLUGIN_OF_THE_USER=kept",
        &format!("{}={}", HANDSHAKE.cookie_key(), HANDSHAKE.cookie_value()),
    ] {
        assert!(given.contains(expected), "{expected}: {given:?}");
    }
    let stolen = given.iter().filter(|line| line.contains("stolen"));
    assert_eq!(stolen.count(), 0, "{given:?}");
}

fn socket_of(session: &Session) -> PathBuf {
    match session.address() {
        Address::Unix(path) => path.clone(),
        other => panic!("the plugin listens at {other}"),
    }
}

#[tokio::test]
async fn the_directory_of_a_sessions_sockets_is_its_users_alone_and_goes_with_it() {
    let world = World::new(ROGUE);
    let (session, _) = launch(&world, &world.host(), "well").await;
    let socket = socket_of(&session);
    let dir = socket.parent().unwrap().to_owned();
    assert_eq!(dir.parent(), Some(world.sockets()));
    assert_eq!((mode(&dir), mode(&socket)), (0o700, 0o600));
    session.close().await.unwrap();
    assert!(!dir.exists());
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_socket_group_may_use_the_sockets_and_nobody_else() {
    const GROUP: u32 = 1;
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tested, as only root can give a file to any group");
        return;
    }
    let world = World::new(ROGUE);
    let host = world.host().socket_group(GROUP.to_string());
    let (session, _) = launch(&world, &host, "well").await;
    let socket = socket_of(&session);
    let dir = socket.parent().unwrap().to_owned();
    assert_eq!((mode(&dir), mode(&socket)), (0o770, 0o660));
    let group = |path: &Path| path.metadata().unwrap().gid();
    assert_eq!((group(&dir), group(&socket)), (GROUP, GROUP));
    works(session).await;
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_socket_in_a_directory_of_everybodys_is_its_users_alone() {
    let world = World::new(ROGUE);
    fs::set_permissions(world.sockets(), Permissions::from_mode(0o1777)).unwrap();
    // As a host in Go starts a plugin: without a directory for its sockets.
    let mut plugin = Command::new("/bin/sh")
        .args(["-c", "umask 0; exec \"$0\" well", ROGUE])
        .env(HANDSHAKE.cookie_key(), HANDSHAKE.cookie_value())
        .env("PLUGIN_PROTOCOL_VERSIONS", "1")
        .env("TMPDIR", world.sockets())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(plugin.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let socket = Path::new(line.split('|').nth(3).unwrap());
    assert_eq!(socket.parent(), Some(world.sockets()));
    assert_eq!(mode(socket), 0o600);
}
