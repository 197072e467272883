//! How sessions end, and what everyone is told.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use pintle::grpc::tonic::{Code, Status};
use pintle::{DispenseError, EndReason, Exit, Host, OutputTo, PingError, Session, SessionClosed};
use pintle_testkit::pb::{AwaitNeverRequest, Empty, ExitRequest, Payload, PrintRequest};
use pintle_testkit::{Echo, EchoPlugin, HANDSHAKE, World, eventually, has_ended, pb};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{ROGUE, launch};

pub(crate) fn pid(session: &Session) -> Pid {
    Pid::from_raw(session.pid().unwrap() as i32).unwrap()
}

/// Whether no thread of the process runs any more; each stops when it is next scheduled.
pub(crate) fn is_stopped(pid: Pid) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads.flatten().all(|thread| {
        // The state stands behind the name, which is in parentheses.
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('T'))
    })
}

pub(crate) fn is_gone(pid: Pid) -> bool {
    test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
}

/// A call that never ends, once it has reached the plugin.
pub(crate) async fn call_in_flight(echo: &Echo) -> JoinHandle<Result<(), Status>> {
    let mut calls = echo.calls.clone();
    let call = tokio::spawn(async move { calls.never(Empty {}).await.map(drop) });
    let mut calls = echo.calls.clone();
    calls
        .await_never(AwaitNeverRequest { open: 1 })
        .await
        .unwrap();
    call
}

pub(crate) async fn repeat(echo: &Echo, text: &str) -> Result<Vec<u8>, Status> {
    let bytes = text.as_bytes().to_vec();
    let answer = echo.calls.clone().repeat(Payload { bytes }).await?;
    Ok(answer.into_inner().bytes)
}

#[tokio::test]
async fn killing_the_plugin_mid_call_names_the_exit_and_the_last_words_within_a_second() {
    let world = World::new(ROGUE);
    let host = world.host();
    let (session, echo) = launch(&world, &host, "well").await;
    let print = PrintRequest {
        to: pb::Output::Log.into(),
        bytes: b"[WARN] the cheese is going off\n".to_vec(),
        times: 1,
    };
    echo.calls.clone().print(print).await.unwrap();
    let call = call_in_flight(&echo).await;

    kill_process(pid(&session), Signal::KILL).unwrap();
    let ended = timeout(Duration::from_secs(1), call).await;
    let status = ended.expect("it took too long").unwrap().unwrap_err();

    assert_eq!(status.code(), Code::Unavailable);
    let closed = SessionClosed::of(&status).expect("the status knows why");
    assert_eq!(
        (closed.reason(), closed.exit()),
        (EndReason::Exited, Some(Exit::Signal(9)))
    );
    assert_eq!(
        closed.stderr(),
        ["[WARN] the cheese is going off"],
        "{closed}"
    );
    assert_eq!(
        closed.to_string(),
        format!(
            "plugin `{ROGUE}` ended unexpectedly: killed by signal 9 (SIGKILL), \
             during the call `pintle.testkit.v1.Echo/Never`; \
             its last words: [WARN] the cheese is going off"
        )
    );
    assert_eq!(session.closed().await.reason(), EndReason::Exited);
    assert!(world.is_clean());

    let (session, echo) = launch(&world, &host, "well").await;
    assert_eq!(repeat(&echo, "again").await.unwrap(), b"again");
    session.close().await.unwrap();
}

#[tokio::test]
async fn kill_ends_the_plugin_by_force_and_says_so() {
    let world = World::new(ROGUE);
    let (session, _echo) = launch(&world, &world.host(), "well").await;
    let pid = pid(&session);
    let closed = session.kill().await;
    assert_eq!(
        (closed.reason(), closed.exit()),
        (EndReason::Killed, Some(Exit::Signal(9)))
    );
    assert_eq!(
        closed.to_string(),
        format!("plugin `{ROGUE}` was killed by the host")
    );
    assert!(is_gone(pid) && world.is_clean());
}

#[tokio::test]
async fn dropping_the_last_session_kills_though_clients_live_on() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    let pid = pid(&session);
    let call = call_in_flight(&echo).await;

    let other = session.clone();
    drop(session);
    assert_eq!(repeat(&echo, "one is left").await.unwrap(), b"one is left");
    drop(other);

    let status = call.await.unwrap().unwrap_err();
    let closed = SessionClosed::of(&status).expect("the status knows why");
    assert_eq!(closed.reason(), EndReason::Dropped);
    assert!(is_gone(pid) && world.is_clean());
}

#[tokio::test]
async fn sigint_is_left_to_the_host_and_sigterm_ends_the_plugin_in_good_order() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    kill_process(pid(&session), Signal::INT).unwrap();
    assert_eq!(repeat(&echo, "still here").await.unwrap(), b"still here");

    kill_process(pid(&session), Signal::TERM).unwrap();
    let closed = session.closed().await;
    assert_eq!(
        (closed.reason(), closed.exit()),
        (EndReason::Exited, Some(Exit::Code(0)))
    );
}

#[tokio::test]
async fn whatever_is_asked_after_the_end_fails_with_the_reason() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    session.ping().await.unwrap();
    session.close().await.unwrap();

    let status = repeat(&echo, "anybody there?").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let closed = SessionClosed::of(&status).expect("the status knows why");
    assert_eq!(closed.reason(), EndReason::Closed);

    let refused = session.dispense::<EchoPlugin>().await.unwrap_err();
    assert!(
        matches!(refused, DispenseError::Closed(closed) if closed.reason() == EndReason::Closed)
    );
    let refused = session.ping().await.unwrap_err();
    assert!(matches!(refused, PingError::Closed(closed) if closed.reason() == EndReason::Closed));
    let refused = echo.broker.dial(1).await.unwrap_err();
    assert_eq!(refused.to_string(), "the session has ended");
}

#[tokio::test]
async fn twenty_sessions_of_one_host_live_and_end_apart() {
    let world = World::new(ROGUE);
    let host = world.host();
    let sessions = join_all((0..20).map(|_| launch(&world, &host, "well"))).await;

    let (last, others) = sessions.split_last().unwrap();
    let each = others
        .iter()
        .enumerate()
        .map(async |(number, (session, echo))| {
            let text = format!("I am {number}");
            assert_eq!(repeat(echo, &text).await.unwrap(), text.as_bytes());
            session.close().await.unwrap()
        });
    for exit in join_all(each).await {
        assert_eq!(exit, Exit::Code(0));
    }
    let (session, echo) = last;
    assert_eq!(repeat(echo, "and I").await.unwrap(), b"and I");
    session.close().await.unwrap();
    assert!(world.is_clean());
}

/// A host whose plugin says on stdout, first of all, what to wait for.
fn host_told(world: &World) -> (Host, UnboundedReceiver<String>) {
    let (say, said) = unbounded_channel();
    let host = world.host().stdout(OutputTo::each(move |chunk| {
        let _ = say.send(String::from_utf8_lossy(chunk).trim().to_owned());
    }));
    (host, said)
}

async fn pid_said(said: &mut UnboundedReceiver<String>) -> Pid {
    Pid::from_raw(said.recv().await.unwrap().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn what_a_plugin_leaves_running_ends_with_it_however_it_ends() {
    let world = World::new(ROGUE);
    let (host, mut said) = host_told(&world);
    for way in ["close", "kill", "drop", "exit"] {
        let (session, echo) = launch(&world, &host, "has-a-child").await;
        let child = pid_said(&mut said).await;
        assert!(!has_ended(child));
        let plugin = pid(&session);
        match way {
            "close" => assert_eq!(session.close().await.unwrap(), Exit::Code(0)),
            "kill" => drop(session.kill().await),
            "drop" => drop(session),
            _ => drop(echo.calls.clone().exit(ExitRequest::default()).await),
        }
        eventually("plugin and child are gone", || {
            is_gone(plugin) && has_ended(child)
        })
        .await;
    }
    eventually("no file is left", || world.is_clean()).await;
}

#[tokio::test]
async fn the_end_is_noticed_though_a_child_that_cannot_be_found_holds_the_outputs() {
    let world = World::new(ROGUE);
    let (host, mut said) = host_told(&world);
    for close in [false, true] {
        let (session, _echo) = launch(&world, &host, "loses-a-child").await;
        let child = pid_said(&mut said).await;
        if !close {
            kill_process(pid(&session), Signal::KILL).unwrap();
        }
        let ended = async {
            match close {
                true => drop(session.close().await.unwrap()),
                false => drop(session.closed().await),
            }
        };
        let in_time = timeout(Duration::from_secs(1), ended).await;
        assert!(!has_ended(child), "it held nothing");
        kill_process(child, Signal::KILL).unwrap();
        in_time.expect("it waited for the child");
        assert!(world.is_clean());
    }
}

#[tokio::test]
async fn dropping_a_session_does_not_block_though_its_plugin_is_stopped() {
    let world = World::new(ROGUE);
    let (session, _echo) = launch(&world, &world.host(), "well").await;
    let pid = pid(&session);
    kill_process(pid, Signal::STOP).unwrap();
    eventually("every thread has stopped", || is_stopped(pid)).await;
    let begin = Instant::now();
    drop(session);
    let took = begin.elapsed();
    assert!(took < Duration::from_millis(500), "{took:?}");
    eventually("the process is gone", || is_gone(pid)).await;
    eventually("no file is left", || world.is_clean()).await;
}

#[test]
fn a_runtime_that_is_shut_down_takes_its_plugins_with_it() {
    let world = World::new(ROGUE);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (session, _echo) = runtime.block_on(launch(&world, &world.host(), "well"));
    let pid = pid(&session);
    runtime.shutdown_background();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually("the process is gone", || is_gone(pid)));
    let closed = runtime.block_on(session.closed());
    assert_eq!(closed.reason(), EndReason::Dropped);
}

#[tokio::test]
async fn dropping_the_launch_future_kills_what_was_started() {
    let world = World::new(ROGUE);
    let (host, mut said) = host_told(&world);
    let command = world.rogue(&host, "stalls");
    let pid = tokio::select! {
        biased;
        pid = said.recv() => pid.unwrap(),
        launched = command.launch(pintle::Grpc) => panic!("it does not shake hands: {launched:?}"),
    };
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    eventually("the process is gone", || is_gone(pid)).await;
    assert!(world.is_clean());
}

/// A Go host kills a plugin that it refuses, at once.
#[test]
fn a_plugin_refused_for_its_version_has_no_socket_left_to_leave() {
    let sockets = tempfile::tempdir().unwrap();
    let mut plugin = Command::new(ROGUE)
        .arg("serves-7-and-8")
        .env(HANDSHAKE.cookie_key(), HANDSHAKE.cookie_value())
        .env("PLUGIN_PROTOCOL_VERSIONS", "1,2")
        .env("PLUGIN_UNIX_SOCKET_DIR", sockets.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(plugin.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("1|7|unix|"), "{line}");
    let gone = || std::fs::read_dir(sockets.path()).unwrap().count() == 0;
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(eventually("the socket is gone", gone));
    plugin.kill().unwrap();
    plugin.wait().unwrap();
}
