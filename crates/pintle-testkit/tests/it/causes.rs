//! Why a plugin was lost, as everyone is told.

use std::time::{Duration, Instant};

use pintle::{EndReason, Exit, Grpc, SessionClosed, Transports};
use pintle_testkit::conformance::{Ask, CallError, Conformance, roomy_tarpc};
use pintle_testkit::pb::{Empty, ExitRequest};
use pintle_testkit::{EchoPlugin, World};
use tokio::time::timeout;

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
        let pid = rustix::process::Pid::from_raw(session.pid().unwrap() as i32).unwrap();
        let begin = Instant::now();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        session.closed().await;
        times.push(begin.elapsed());
    }
    println!("told after {times:?}");
    let fastest = times.into_iter().min().unwrap();
    assert!(fastest < Duration::from_millis(90), "{fastest:?}");
}
