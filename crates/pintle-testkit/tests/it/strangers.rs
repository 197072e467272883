//! Those who find the socket of a multiplexed plugin before its host does.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use pintle::{BoxFuture, Exit, Grpc, Process, Runner, StartError, StartPlan, Started};
use pintle_mux::{Config, Session};
use pintle_testkit::pb::Payload;
use pintle_testkit::{Answer, EchoPlugin, HANDSHAKE, World, ask};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::{ROGUE, with_and_without_tls};

const PATIENCE: Duration = Duration::from_secs(20);

/// Starts the rogue, and lets strangers connect before the host hears of it.
struct Crowded;

/// As many as the plugin looks at together, and more.
const CROWD: usize = 100;

impl Runner for Crowded {
    fn program(&self) -> String {
        "crowded".to_owned()
    }

    fn start(&self, plan: StartPlan) -> BoxFuture<'_, Result<Started, StartError>> {
        Box::pin(async move {
            start(plan)
                .await
                .map_err(|error| StartError::Runner(error.into()))
        })
    }
}

async fn start(plan: StartPlan) -> io::Result<Started> {
    let (child, line, stdout, stderr) = spawn(plan.environment).await?;
    let socket = socket_of(&line);
    let mut strangers = Vec::new();
    for number in 0..CROWD {
        let mut stranger = UnixStream::connect(&socket).await?;
        if number % 2 == 0 {
            // The other half says nothing at all.
            stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").await?;
        }
        strangers.push(stranger);
    }
    let whole = io::Cursor::new(line.into_bytes()).chain(stdout);
    Ok(Started::new(Besieged(child, strangers), whole, stderr))
}

type Spawned = (
    Child,
    String,
    BufReader<tokio::process::ChildStdout>,
    tokio::process::ChildStderr,
);

/// The rogue with its handshake line.
async fn spawn(environment: Vec<(OsString, OsString)>) -> io::Result<Spawned> {
    let mut child = Command::new(ROGUE)
        .arg("well")
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut stdout = BufReader::new(stdout);
    let mut line = String::new();
    stdout.read_line(&mut line).await?;
    Ok((child, line, stdout, stderr))
}

fn socket_of(line: &str) -> PathBuf {
    line.split('|').nth(3).unwrap_or_default().into()
}

/// The process, and those who wait at its door.
struct Besieged(Child, Vec<UnixStream>);

impl Process for Besieged {
    fn id(&self) -> String {
        "besieged".to_owned()
    }

    fn pid(&self) -> Option<u32> {
        self.0.id()
    }

    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
        Box::pin(async move {
            let status = self.0.wait().await?;
            Ok(status.code().map_or(Exit::Unknown, Exit::Code))
        })
    }

    fn kill(&mut self) -> io::Result<()> {
        self.1.clear();
        self.0.start_kill()
    }
}

#[tokio::test]
async fn strangers_who_connect_first_keep_nobody_out() {
    with_and_without_tls(async |_, host| {
        let launched = host.runner(Crowded).launch(Grpc.multiplexed()).await;
        let session = launched.unwrap();
        let mut echo = session.dispense::<EchoPlugin>().await.unwrap();
        let hello = Payload {
            bytes: b"hello".to_vec(),
        };
        let answer = echo.calls.repeat(hello.clone()).await.unwrap();
        assert_eq!(answer.into_inner(), hello);
        session.close().await.unwrap();
    })
    .await;
}

/// The rogue as a host in plaintext starts it.
async fn plain(world: &World) -> (Child, PathBuf) {
    let environment = [
        (HANDSHAKE.cookie_key(), HANDSHAKE.cookie_value()),
        ("PLUGIN_PROTOCOL_VERSIONS", "1"),
        ("PLUGIN_MULTIPLEX_GRPC", "true"),
    ];
    let mut environment: Vec<(OsString, OsString)> = environment
        .map(|(name, value)| (name.into(), value.into()))
        .into();
    environment.push(("PLUGIN_UNIX_SOCKET_DIR".into(), world.sockets().into()));
    let (child, line, _, _) = spawn(environment).await.unwrap();
    assert!(line.ends_with("|grpc||true\n"), "{line}");
    let socket = socket_of(&line);
    (child, socket)
}

/// A host's one connection, with its main stream.
async fn connect(socket: &Path) -> (Session, tokio::task::JoinHandle<()>, pintle_mux::Stream) {
    let (session, driver) = Session::client(
        UnixStream::connect(socket).await.unwrap(),
        Config::default(),
    );
    let driving = tokio::spawn(async { drop(driver.await) });
    let main = session.open().await.unwrap();
    (session, driving, main)
}

#[tokio::test]
async fn the_plugin_ends_when_its_one_connection_is_gone() {
    let world = World::new(ROGUE);
    let (mut child, socket) = plain(&world).await;
    let (_session, driving, mut main) = connect(&socket).await;
    assert_eq!(ask(&mut main).await, Answer::Served);
    driving.abort();
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(world.is_clean());
}

#[tokio::test]
async fn further_streams_without_a_knock_are_served_like_the_first() {
    let world = World::new(ROGUE);
    let (_child, socket) = plain(&world).await;
    let (session, _driving, mut main) = connect(&socket).await;
    assert_eq!(ask(&mut main).await, Answer::Served);
    for _ in 0..3 {
        let stream = session.open().await.unwrap();
        assert_eq!(
            timeout(PATIENCE, ask(stream)).await.unwrap(),
            Answer::Served
        );
    }
    // Nobody else is let in.
    assert!(UnixStream::connect(&socket).await.is_err());
}
