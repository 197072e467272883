//! Why a plugin was lost, as everyone is told.

use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use pintle::{
    BoxFuture, Bytes, EndReason, Exit, Grpc, OutputTo, Process, Runner, Session, SessionClosed,
    StartError, StartPlan, Started, Transports,
};
use pintle_testkit::conformance::{Ask, CallError, Conformance, Peer, Printed, roomy_tarpc};
use pintle_testkit::pb::{Empty, ExitRequest};
use pintle_testkit::{EchoPlugin, Over, Vice, Way, World};
use rustix::process::{Signal, kill_process};
use tokio::time::timeout;

use crate::lifecycle::pid;
use crate::{ROGUE, launch};

/// What ends by itself in this mode, and everything that is told of it but the program.
async fn ended(mode: &str) -> (SessionClosed, String) {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), mode).await;
    let status = echo.calls.clone().never(Empty {}).await.unwrap_err();
    let closed = session.closed().await;
    let of_call = SessionClosed::of(&status).expect("the status knows why");
    assert_eq!(of_call.reason(), closed.reason());
    assert_eq!(closed.reason(), EndReason::Exited);
    let told = closed.to_string();
    let told = told.replace(&format!("plugin `{ROGUE}` ended unexpectedly: "), "");
    assert_eq!(of_call.call(), Some("pintle.testkit.v1.Echo/Never"));
    (closed, told)
}

/// A plugin that ends with this code after these words on its stderr.
async fn ended_with(code: i32, last_words: &str) -> SessionClosed {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    let exit = ExitRequest {
        code,
        last_words: last_words.to_owned(),
    };
    echo.calls.clone().exit(exit).await.unwrap_err();
    session.closed().await
}

#[tokio::test]
async fn a_plugin_that_panicked_is_told_with_the_place() {
    let (closed, told) = ended("panics").await;
    assert_eq!(closed.exit(), Some(Exit::Code(101)));
    let panicked = closed.panicked().expect("it panicked");
    let place = panicked.place().expect("it told the place");
    assert!(
        place.starts_with("crates/pintle-testkit/src/bin/rogue/served.rs:"),
        "{place}"
    );
    assert_eq!(panicked.message(), "out of cheese: Elapsed(())");
    assert_eq!(
        told,
        format!("exit code 101; it panicked at {place}: out of cheese: Elapsed(())")
    );
}

#[tokio::test]
async fn a_go_plugin_that_panicked_is_told_with_the_place() {
    let stack = "panic: out of cheese\n\n\
                 goroutine 1 [running]:\nmain.main()\n\t/home/me/main.go:7 +0x1d";
    let closed = ended_with(2, stack).await;
    let panicked = closed.panicked().expect("it panicked");
    assert_eq!(
        panicked.to_string(),
        "it panicked at /home/me/main.go:7: out of cheese"
    );
}

#[tokio::test]
async fn a_panic_that_the_plugin_survived_is_not_the_cause_of_its_good_end() {
    let closed = ended_with(0, "panic: out of cheese\n\nthread 'main' at a.rs:1:1").await;
    assert_eq!(closed.panicked(), None);
}

#[tokio::test]
async fn a_plugin_that_was_refused_memory_is_told_as_perhaps_in_want_of_it() {
    let (closed, told) = ended("swallows-memory").await;
    assert_eq!(closed.exit(), Some(Exit::Signal(6)));
    assert!(closed.perhaps_out_of_memory(), "{closed:?}");
    assert!(
        told.starts_with("killed by signal 6 (SIGABRT), perhaps for want of memory"),
        "{told}"
    );
    assert!(!ended_with(1, "no").await.perhaps_out_of_memory());
}

#[tokio::test]
async fn a_lost_call_is_named_over_every_transport() {
    let world = World::new(ROGUE);
    let command = world.rogue(&world.host(), "conformance");
    for (transports, name) in [
        (Transports::from(Grpc), "pintle.testkit.v1.Conformance/Ask"),
        (roomy_tarpc().into(), "Ask"),
    ] {
        let session = command.launch(transports).await.unwrap();
        let peer = session.dispense::<Conformance>().await.unwrap();
        let lost = async { peer.ask(Ask::Never, Duration::from_secs(20)).await };
        let kill = async {
            let open = Ask::AwaitNever(1);
            peer.ask(open, Duration::from_secs(20)).await.unwrap();
            session.kill().await
        };
        let (lost, closed) = tokio::join!(lost, kill);
        match lost {
            Err(CallError::Lost(lost)) => assert_eq!(lost.call(), Some(name)),
            other => panic!("the call does not know why: {other:?}"),
        }
        assert_eq!(closed.call(), None);
    }
}

#[tokio::test]
async fn every_session_knows_which_launch_of_its_command_it_is() {
    let world = World::new(ROGUE);
    let command = world.rogue(&world.host(), "well");
    for generation in 1..=2 {
        let session = command.launch(Grpc).await.unwrap();
        assert_eq!(session.generation(), generation);
        let closed = session.kill().await;
        assert_eq!(closed.generation(), generation);
        assert_eq!(
            closed.to_string().contains("(generation 2)"),
            generation == 2
        );
    }
    let another = world.rogue(&world.host(), "well").launch(Grpc).await;
    assert_eq!(another.unwrap().generation(), 1);
}

#[tokio::test]
async fn many_calls_in_flight_and_one_later_are_told_within_a_second() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let mut calls = echo.calls.clone();
            tokio::spawn(async move { calls.never(Empty {}).await.unwrap_err() })
        })
        .collect();
    let open = pintle_testkit::pb::AwaitNeverRequest { open: 50 };
    echo.calls.clone().await_never(open).await.unwrap();
    let begin = Instant::now();
    let exit = ExitRequest {
        code: 9,
        last_words: String::new(),
    };
    echo.calls.clone().exit(exit).await.unwrap_err();
    let all = async {
        for call in calls {
            let status = call.await.unwrap();
            let closed = SessionClosed::of(&status).expect("every call knows why");
            assert_eq!(closed.exit(), Some(Exit::Code(9)));
        }
        let status = echo.calls.clone().never(Empty {}).await.unwrap_err();
        assert!(SessionClosed::of(&status).is_some(), "a later call, too");
        session.closed().await
    };
    timeout(Duration::from_secs(1), all).await.unwrap();
    println!("told after {:?}", begin.elapsed());
}

/// The wait for last words is no pause: it ends with them.
#[tokio::test]
async fn the_end_is_told_as_soon_as_the_last_words_are_read() {
    let world = World::new(ROGUE);
    let mut times = Vec::new();
    for _ in 0..5 {
        let session = world
            .rogue(&world.host(), "well")
            .launch(Grpc)
            .await
            .unwrap();
        session.dispense::<EchoPlugin>().await.unwrap();
        let pid = pid(&session);
        let begin = Instant::now();
        kill_process(pid, Signal::KILL).unwrap();
        session.closed().await;
        times.push(begin.elapsed());
    }
    println!("told after {times:?}");
    let fastest = times.into_iter().min().unwrap();
    assert!(fastest < Duration::from_millis(90), "{fastest:?}");
}

/// Starts the rogue in this mode, and takes for ever to say what became of it.
struct Ponders(&'static str);

impl Runner for Ponders {
    fn program(&self) -> String {
        ROGUE.to_owned()
    }

    fn start(&self, plan: StartPlan) -> BoxFuture<'_, Result<Started, StartError>> {
        Box::pin(async move {
            let mut command = Command::new(ROGUE);
            command.arg(self.0);
            let mut started = plan.start_child(command).await?;
            started.process = Box::new(Pondered(started.process));
            Ok(started)
        })
    }
}

struct Pondered(Box<dyn Process>);

impl Process for Pondered {
    fn id(&self) -> String {
        self.0.id()
    }

    fn pid(&self) -> Option<u32> {
        self.0.pid()
    }

    fn wait(&mut self) -> BoxFuture<'_, io::Result<Exit>> {
        self.0.wait()
    }

    fn terminate(&mut self) -> io::Result<()> {
        self.0.terminate()
    }

    fn kill(&mut self) -> io::Result<()> {
        self.0.kill()
    }

    fn diagnose(&mut self) -> BoxFuture<'_, Option<String>> {
        Box::pin(std::future::pending())
    }
}

/// How long the calls of a session may take that is not lost: far longer than it takes to be told.
const CALL: Duration = Duration::from_secs(60);

/// Ends a plugin in this mode by `end` while it is called, in every way. All calls are told the same
/// reason as the session, and no later than `within` after `end`.
async fn check_told_to_all(
    mode: &'static str,
    within: Duration,
    reason: EndReason,
    end: impl AsyncFn(&Session, &dyn Peer),
) {
    const CALLS: u64 = 5;
    for way in Way::ALL {
        let world = World::new(ROGUE);
        let host = way.host(world.host());
        let host = host.close_timeout(CLOSE).terminate_timeout(CLOSE / 4);
        let launched = host.runner(Ponders(mode)).launch(way.transports()).await;
        let session = launched.unwrap();
        let peer = session.dispense::<Conformance>().await.unwrap();
        let in_flight = join_all((0..CALLS).map(|_| peer.ask(Ask::Never, CALL)));
        let all = async {
            let begun = peer.ask(Ask::AwaitNever(CALLS), CALL).await;
            begun.expect("it counts its calls");
            let begin = Instant::now();
            end(&session, &*peer).await;
            let closed = session.closed().await;
            let later = peer.ask(Ask::Repeat(Bytes::new()), CALL).await;
            (begin, closed, later)
        };
        let (mut outcomes, (begin, closed, later)) = tokio::join!(in_flight, all);
        let took = begin.elapsed();
        outcomes.push(later);
        for outcome in outcomes {
            match outcome {
                Err(CallError::Lost(lost)) => {
                    let found = (lost.reason(), lost.exit(), lost.stderr());
                    assert_eq!(found, (reason, closed.exit(), closed.stderr()), "{way}");
                }
                other => panic!("over {way} a call does not know why: {other:?}"),
            }
        }
        println!("{mode} over {way}: told after {took:?}");
        assert!(took < within, "over {way} it was told after {took:?}");
    }
}

/// Longer than calls could once wait for the reason.
const CLOSE: Duration = Duration::from_millis(1200);

#[tokio::test]
async fn an_exit_is_told_to_every_call_within_a_second_though_the_runner_ponders_it() {
    let within = Duration::from_secs(1);
    let end = async |session: &Session, _: &dyn Peer| {
        kill_process(pid(session), Signal::KILL).unwrap();
    };
    check_told_to_all("conformance", within, EndReason::Exited, end).await;
}

#[tokio::test]
async fn a_lost_connection_is_told_to_every_call_half_a_second_later_than_an_exit() {
    let within = Duration::from_millis(1500);
    let end = async |_: &Session, peer: &dyn Peer| {
        let lost = peer.ask(Ask::Misbehave, CALL).await;
        assert!(matches!(lost, Err(CallError::Lost(_))), "{lost:?}");
    };
    let mode = Vice::ClosesItsConnection.name();
    check_told_to_all(mode, within, EndReason::ConnectionLost, end).await;
}

#[tokio::test]
async fn a_close_that_takes_long_is_told_to_every_call_when_it_is_over() {
    let within = CLOSE + CLOSE / 4 + Duration::from_secs(1);
    let end = async |session: &Session, _: &dyn Peer| {
        session.close().await.unwrap_err();
    };
    let mode = Vice::IgnoresShutdown.name();
    check_told_to_all(mode, within, EndReason::Overdue, end).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_end_is_told_though_nobody_takes_what_was_printed_and_that_is_not_lost() {
    let world = World::new(ROGUE);
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let taken: Arc<Mutex<Vec<u8>>> = Arc::default();
    let taking = Arc::clone(&taken);
    let host = world.host().stdout(OutputTo::each(move |chunk| {
        // Nobody ever sends: it takes until the other end is dropped.
        let _ = tokio::task::block_in_place(|| released.lock().unwrap().recv());
        taking.lock().unwrap().extend_from_slice(chunk);
    }));
    let way = Way::new(Over::Grpc, true);
    let command = world.rogue(&host, "conformance");
    let session = command.launch(way.transports()).await.unwrap();
    let peer = session.dispense::<Conformance>().await.unwrap();
    for text in ["first ", "last"] {
        let print = Ask::Print(Printed::Stdout, Bytes::from_static(text.as_bytes()));
        peer.ask(print, CALL).await.unwrap();
    }
    kill_process(pid(&session), Signal::KILL).unwrap();
    let closed = timeout(Duration::from_secs(1), session.closed()).await;
    assert_eq!(closed.unwrap().reason(), EndReason::Exited);
    assert!(taken.lock().unwrap().is_empty());

    let other = session.clone();
    let killing = tokio::spawn(async move { other.kill().await });
    drop(release);
    let killed = timeout(Duration::from_secs(20), killing).await.unwrap();
    assert_eq!(killed.unwrap().reason(), EndReason::Exited);
    assert_eq!(*taken.lock().unwrap(), b"first last");
    assert!(world.is_clean());
}
