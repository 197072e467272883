//! What closing a session comes to, step by step.

use std::io;
use std::time::{Duration, Instant};

use pintle::grpc::tonic::Code;
use pintle::{
    BoxFuture, EndReason, Exit, Grpc, Process, Runner, SessionClosed, StartError, StartPlan,
    Started,
};
use pintle_testkit::pb::ExitRequest;
use pintle_testkit::{World, eventually};
use rustix::process::{Signal, kill_process};
use tokio::time::timeout;

use crate::lifecycle::{call_in_flight, is_gone, is_stopped, pid, repeat};
use crate::{ROGUE, launch};

#[tokio::test]
async fn close_ends_a_well_behaved_plugin_with_code_0_and_leaves_nothing() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    repeat(&echo, "hello").await.unwrap();
    assert!(!world.socket_files().is_empty());
    let pid = pid(&session);

    let begin = Instant::now();
    assert_eq!(session.close().await.unwrap(), Exit::Code(0));
    println!("closed in {:?}", begin.elapsed());
    assert!(is_gone(pid));
    assert!(world.is_clean());
}

#[tokio::test]
async fn close_ends_a_plugin_with_a_call_in_flight_with_code_0() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    let call = call_in_flight(&echo).await;

    assert_eq!(session.close().await.unwrap(), Exit::Code(0));
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
}

/// Starts a plugin of whose end nobody hears, as where a process that is no child is taken over on a
/// system that does not tell.
struct Deaf;

impl Runner for Deaf {
    fn program(&self) -> String {
        ROGUE.to_owned()
    }

    fn start(&self, plan: StartPlan) -> BoxFuture<'_, Result<Started, StartError>> {
        Box::pin(async move {
            let mut command = std::process::Command::new(ROGUE);
            command.arg("well");
            let mut started = plan.start_child(command).await?;
            started.process = Box::new(Unheard(started.process));
            Ok(started)
        })
    }
}

struct Unheard(Box<dyn Process>);

impl Process for Unheard {
    fn id(&self) -> String {
        self.0.id()
    }

    fn pid(&self) -> Option<u32> {
        self.0.pid()
    }

    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
        Box::pin(std::future::pending())
    }

    fn hears_its_end(&self) -> bool {
        false
    }

    fn kill(&mut self) -> io::Result<()> {
        self.0.kill()
    }
}

#[tokio::test]
async fn a_plugin_whose_end_nobody_hears_of_is_closed_with_its_connection() {
    let world = World::new(ROGUE);
    let host = world.host().close_timeout(Duration::from_secs(600));
    let session = host.runner(Deaf).launch(Grpc).await.unwrap();
    assert!(session.pid().is_some());
    let closed = timeout(Duration::from_secs(30), session.close()).await;
    assert_eq!(closed.unwrap().unwrap(), Exit::Unknown);
    assert!(world.is_clean());
}

#[tokio::test]
async fn two_who_close_at_once_get_the_same_answer() {
    let world = World::new(ROGUE);
    let (session, _echo) = launch(&world, &world.host(), "well").await;
    let other = session.clone();
    let (one, two) = tokio::join!(session.close(), other.close());
    assert_eq!((one.unwrap(), two.unwrap()), (Exit::Code(0), Exit::Code(0)));
    assert_eq!(session.close().await.unwrap(), Exit::Code(0));
}

#[tokio::test]
async fn close_after_an_exit_tells_how_it_ended_and_the_last_words() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    let exit = ExitRequest {
        code: 3,
        last_words: "that was too much".to_owned(),
    };
    let status = echo.calls.clone().exit(exit).await.unwrap_err();

    let closed = session.close().await.unwrap_err();
    assert_eq!(
        (closed.reason(), closed.exit()),
        (EndReason::Exited, Some(Exit::Code(3)))
    );
    assert_eq!(closed.stderr(), ["that was too much"]);
    let of_call = SessionClosed::of(&status).expect("the call knows it, too");
    let during = ", during the call `pintle.testkit.v1.Echo/Exit`";
    assert_eq!(of_call.to_string().replace(during, ""), closed.to_string());
}

#[tokio::test]
async fn a_plugin_that_ignores_the_request_to_end_is_killed_after_the_close_timeout() {
    let world = World::new(ROGUE);
    let host = world.host().close_timeout(Duration::from_millis(300));
    let (session, _echo) = launch(&world, &host, "ignores-shutdown").await;
    let pid = pid(&session);

    let closed = session.close().await.unwrap_err();
    assert_eq!(
        (closed.reason(), closed.exit()),
        (EndReason::Overdue, Some(Exit::Signal(9)))
    );
    assert_eq!(
        closed.to_string(),
        format!("plugin `{ROGUE}` did not end in time when the host closed it and was killed")
    );
    assert!(is_gone(pid) && world.is_clean());
}

#[tokio::test]
async fn a_plugin_that_is_stopped_can_be_closed_and_killed() {
    let world = World::new(ROGUE);
    let host = world.host().close_timeout(Duration::from_millis(300));
    for kill in [false, true] {
        let (session, _echo) = launch(&world, &host, "well").await;
        let pid = pid(&session);
        kill_process(pid, Signal::STOP).unwrap();
        eventually("every thread has stopped", || is_stopped(pid)).await;
        let ping = timeout(Duration::from_millis(100), session.ping()).await;
        assert!(ping.is_err(), "it answered though it is stopped");
        let closed = match kill {
            true => session.kill().await,
            false => session.close().await.unwrap_err(),
        };
        assert_eq!(closed.exit(), Some(Exit::Signal(9)));
        assert!(is_gone(pid) && world.is_clean());
    }
}

#[tokio::test]
async fn a_plugin_that_does_not_end_when_asked_is_sent_sigterm_before_it_is_killed() {
    let world = World::new(ROGUE);
    let host = world.host().close_timeout(Duration::from_millis(300));
    let (session, _echo) = launch(&world, &host, "ends-at-sigterm").await;
    let closed = session.close().await.unwrap_err();
    assert_eq!(
        (closed.reason(), closed.exit()),
        (EndReason::Overdue, Some(Exit::Code(5)))
    );
    assert_eq!(
        closed.to_string(),
        format!("plugin `{ROGUE}` ended only after SIGTERM when the host closed it: exit code 5")
    );
}

#[tokio::test]
async fn each_step_of_closing_takes_as_long_as_the_host_says() {
    let world = World::new(ROGUE);
    let host = world
        .host()
        .close_timeout(Duration::from_millis(200))
        .terminate_timeout(Duration::from_millis(200));
    let (session, _echo) = launch(&world, &host, "ignores-shutdown").await;
    let begin = Instant::now();
    session.close().await.unwrap_err();
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(400), "{took:?}");
    // The defaults are longer than that together.
    assert!(took < Duration::from_millis(2500), "{took:?}");
}

#[tokio::test]
async fn a_kill_cuts_short_a_close_that_is_under_way() {
    let world = World::new(ROGUE);
    let host = world.host().close_timeout(Duration::from_secs(60));
    let (session, _echo) = launch(&world, &host, "ignores-shutdown").await;
    let killing = async {
        tokio::task::yield_now().await;
        session.kill().await
    };
    let both = async { tokio::join!(session.close(), killing) };
    let (closed, killed) = timeout(Duration::from_secs(10), both).await.unwrap();
    assert_eq!(closed.unwrap_err().reason(), EndReason::Killed);
    assert_eq!(killed.exit(), Some(Exit::Signal(9)));
}

#[tokio::test]
async fn the_grace_for_open_calls_is_the_plugins_to_choose() {
    let world = World::new(ROGUE);
    let mut took = Vec::new();
    for mode in ["well", "ends-without-grace"] {
        let (session, echo) = launch(&world, &world.host(), mode).await;
        let call = call_in_flight(&echo).await;
        let begin = Instant::now();
        assert_eq!(session.close().await.unwrap(), Exit::Code(0));
        took.push(begin.elapsed());
        call.await.unwrap().unwrap_err();
    }
    assert!(took[0] >= Duration::from_secs(1), "{took:?}");
    assert!(took[1] < took[0], "{took:?}");
}
