//! What sessions leave in the host's process: nothing.
//!
//! Apart from the other tests and one at a time, because descriptors and
//! children belong to the process and not to a test.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use pintle::trust::Sha256;
use pintle::{Grpc, Host, LaunchFailure, Session};
use pintle_testkit::pb::{
    CallBackRequest, CountRequest, Empty, ExitRequest, Manner, Payload, ServeRequest, ServiceId,
    StreamTask,
};
use pintle_testkit::pb::{HoldingsResponse, echo_client::EchoClient};
use pintle_testkit::{
    Echo, EchoPlugin, EchoService, Vice, Way, World, children, descriptors, eventually, exchange,
    meet, tasks,
};

const ROGUE: &str = env!("CARGO_BIN_EXE_rogue");

static ALONE: Mutex<()> = Mutex::new(());

/// Runs `use_it` twice: what the first run leaves was needed once for the whole
/// process, what the second adds to it is a leak.
#[track_caller]
fn check(use_it: impl AsyncFn(&World, &Host)) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = World::new(ROGUE);
        let host = world.host();
        use_it(&world, &host).await;
        eventually("no task is left", || tasks() == 0).await;
        let before = descriptors();
        use_it(&world, &host).await;
        eventually("no task is left", || tasks() == 0).await;
        eventually("no descriptor is left", || descriptors() <= before).await;
        eventually("no child is left", || children().is_empty()).await;
        assert!(world.is_clean(), "something is left in the directory");
    });
}

async fn launch(world: &World, host: &Host, mode: &str) -> (Session, Echo) {
    let session = world.rogue(host, mode).launch(Grpc).await.unwrap();
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    (session, echo)
}

#[test]
fn a_session_that_is_closed_leaves_nothing() {
    check(async |world, host| {
        let (session, echo) = launch(world, host, "well").await;
        let request = CountRequest { count: 10 };
        // A stream whose rest nobody reads.
        let mut stream = echo
            .calls
            .clone()
            .count(request)
            .await
            .unwrap()
            .into_inner();
        stream.message().await.unwrap();
        let busy = (tasks(), descriptors());
        session.close().await.unwrap();
        drop((echo, stream));
        assert!(busy.0 > 0, "the check would not see a task");
        assert!(
            busy.1 > descriptors(),
            "the check would not see a descriptor"
        );
    });
}

#[test]
fn a_session_that_is_killed_leaves_nothing() {
    check(async |world, host| {
        let (session, _echo) = launch(world, host, "well").await;
        let pid = session.pid().unwrap().to_string();
        assert!(children().contains(&pid), "the check would not see a child");
        session.kill().await;
    });
}

#[test]
fn a_session_that_is_dropped_leaves_nothing() {
    check(async |world, host| {
        let (session, echo) = launch(world, host, "well").await;
        drop(session);
        echo.calls.clone().never(Empty {}).await.unwrap_err();
    });
}

#[test]
fn a_session_whose_plugin_ends_by_itself_leaves_nothing() {
    check(async |world, host| {
        let (session, echo) = launch(world, host, "well").await;
        echo.calls
            .clone()
            .exit(ExitRequest::default())
            .await
            .unwrap_err();
        session.closed().await;
    });
}

#[test]
fn twenty_sessions_at_once_leave_nothing() {
    check(async |world, host| {
        let sessions = join_all((0..20).map(|_| launch(world, host, "well"))).await;
        for exit in join_all(sessions.iter().map(|(session, _)| session.close())).await {
            exit.unwrap();
        }
    });
}

#[test]
fn a_program_that_cannot_be_started_leaves_nothing() {
    check(async |_, host| {
        let missing = host
            .command("/no/such/plugin")
            .launch(Grpc)
            .await
            .unwrap_err();
        assert!(matches!(missing.failure(), LaunchFailure::Start(_)));
    });
}

/// Each over one of the ways to talk; what is told over every way is in `it`.
/// Nobody could launch another one in its place, and the plugin would be lost.
#[test]
fn a_plugin_is_not_taken_for_gone_for_want_of_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    check(async |world, host| {
        let command = world.rogue(host, "well").detached();
        let session = command.launch(Grpc).await.unwrap();
        let token = session.detach().await.unwrap();
        let before = getrlimit(Resource::Nofile);
        let few = Rlimit {
            current: Some(256),
            ..before
        };
        setrlimit(Resource::Nofile, few).unwrap();
        let mut all = Vec::new();
        while let Ok(file) = fs::File::open("/dev/null") {
            all.push(file);
        }
        for free in 0..4 {
            let refused = host.reattach(&token, Grpc).await.unwrap_err();
            assert!(
                !matches!(
                    refused.failure(),
                    LaunchFailure::Gone | LaunchFailure::Replaced
                ),
                "{free} descriptors: {refused:?}"
            );
            assert!(refused.report().to_string().contains("open files"));
            all.pop();
        }
        drop(all);
        setrlimit(Resource::Nofile, before).unwrap();
        let session = host.reattach(&token, Grpc).await.unwrap();
        session.close().await.unwrap();
    });
}

#[test]
fn no_vice_leaves_anything() {
    const AT_ONCE: usize = 20;
    let ways = Way::ALL.iter().cycle();
    let vices: Vec<_> = Vice::ALL.iter().zip(ways).collect();
    check(async |world, host| {
        for some in vices.chunks(AT_ONCE) {
            let each = some.iter().map(async |(vice, way)| {
                meet(world, &way.host(host.clone()), **vice, **way).await;
            });
            join_all(each).await;
        }
        eventually("no process is left", || world.nobody_is_left()).await;
    });
}

#[test]
fn a_verified_program_leaves_nothing_whether_it_is_executed_or_refused() {
    check(async |world, host| {
        let sum = Sha256::of(fs::File::open(ROGUE).unwrap()).unwrap();
        let verified = |sum| world.rogue(host, "well").checksum(sum);
        let session = verified(sum).launch(Grpc).await.unwrap();
        let pid = session.pid().unwrap();
        let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap();
        assert!(program.starts_with("/memfd:rogue (deleted)"), "{program:?}");
        // What it is executed from is not among what it has open.
        let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
        let open = open.filter_map(|open| fs::read_link(open.path()).ok());
        assert!(!open.into_iter().any(|file| file == program));
        session.close().await.unwrap();
        let other = Sha256::from_bytes([0; 32]);
        let refused = verified(other).launch(Grpc).await;
        refused.expect_err("it is another program");
        let launch = verified(sum);
        let given_up = tokio::time::timeout(Duration::ZERO, launch.launch(Grpc)).await;
        assert!(given_up.is_err(), "verifying takes a moment");
    });
}

#[test]
fn a_launch_that_is_given_up_at_any_moment_leaves_nothing() {
    check(async |world, host| {
        for moment in 0..60 {
            let command = world.rogue(host, "well");
            let launch = command.launch(Grpc);
            let _ = tokio::time::timeout(Duration::from_millis(moment), launch).await;
        }
    });
}

/// Not after so many milliseconds, but after so many turns: wherever it waits.
#[test]
fn a_launch_that_is_given_up_at_any_await_leaves_nothing() {
    check(async |world, host| {
        let mut turns = 1;
        while !given_up_after(turns, world, host).await {
            turns += 1;
        }
        assert!(
            turns > 5,
            "a launch should wait more often than {turns} times"
        );
    });
}

/// Whether the launch came about in fewer turns.
async fn given_up_after(turns: u32, world: &World, host: &Host) -> bool {
    let command = world.rogue(host, "well");
    let mut launch = std::pin::pin!(command.launch(Grpc));
    let mut turn = 0;
    std::future::poll_fn(|context| {
        turn += 1;
        match launch.as_mut().poll(context) {
            Poll::Ready(launched) => {
                launched.unwrap();
                Poll::Ready(true)
            }
            Poll::Pending if turn == turns => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[test]
fn two_hundred_callbacks_leave_nothing_on_either_side() {
    check(async |world, host| {
        let (session, echo) = launch(world, host, "well").await;
        call_both_ways(&echo).await;
        let before = held(world, &echo).await;
        for _ in 0..100 {
            call_both_ways(&echo).await;
        }
        // What ends a moment later may have been counted before, too: never more than before.
        let settled = async {
            while !no_more(held(world, &echo).await, before) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), settled)
            .await
            .is_err()
        {
            assert_eq!(held(world, &echo).await, before, "something is left");
        }
        session.close().await.unwrap();
    });
}

/// The descriptors and tasks of the plugin, those of the host, and the socket files of both.
async fn held(world: &World, echo: &Echo) -> [usize; 5] {
    let plugin = holdings(echo).await;
    let plugins = [plugin.descriptors, plugin.tasks].map(|number| number as usize);
    let files = world.socket_files().len();
    [plugins[0], plugins[1], descriptors(), tasks(), files]
}

fn no_more(now: [usize; 5], before: [usize; 5]) -> bool {
    now.iter().zip(before).all(|(now, before)| *now <= before)
}

/// The plugin calls the host, and the host the plugin, each by an id of its own.
async fn call_both_ways(echo: &Echo) {
    let service = EchoService::new(echo.broker.clone());
    let served = echo
        .broker
        .serve(|server| {
            server.add(service.into_server());
        })
        .await
        .unwrap();
    let request = CallBackRequest {
        id: served.id(),
        payload: Some(Payload::default()),
    };
    echo.calls.clone().call_back(request).await.unwrap();

    let mut calls = echo.calls.clone();
    let id = calls
        .serve(ServeRequest { id: 0 })
        .await
        .unwrap()
        .into_inner()
        .id;
    let channel = echo.broker.dial(id).await.unwrap();
    EchoClient::new(channel)
        .repeat(Payload::default())
        .await
        .unwrap();
    calls.end_service(ServiceId { id }).await.unwrap();
    served.close().await;
}

async fn holdings(echo: &Echo) -> HoldingsResponse {
    echo.calls
        .clone()
        .holdings(Empty {})
        .await
        .unwrap()
        .into_inner()
}

#[test]
fn a_plugin_never_holds_what_its_host_has_open() {
    check(async |world, host| {
        let own = fs::File::open(Path::new("/dev/null")).unwrap();
        let (session, echo) = launch(world, host, "well").await;
        let alone = holdings(&echo).await.descriptors;
        let more: Vec<_> = (0..50).map(|_| own.try_clone().unwrap()).collect();
        let (second, other) = launch(world, host, "well").await;
        assert_eq!(holdings(&other).await.descriptors, alone);
        drop(more);
        session.close().await.unwrap();
        second.close().await.unwrap();
    });
}

#[test]
fn streams_and_services_of_a_session_leave_nothing_in_either_mode() {
    for grpc in [Grpc, Grpc.multiplexed()] {
        check(async |world, host| {
            let command = world.rogue(host, "well");
            let session = command.launch(grpc.clone()).await.unwrap();
            let echo = session.dispense::<EchoPlugin>().await.unwrap();
            use_streams_and_services(&echo).await;
            let (busy_tasks, busy_descriptors) = (tasks(), descriptors());
            for _ in 0..20 {
                use_streams_and_services(&echo).await;
            }
            // The session lives on, with no more than it had after the first time.
            eventually("the tasks of streams and services have ended", || {
                tasks() <= busy_tasks && descriptors() <= busy_descriptors
            })
            .await;
            session.close().await.unwrap();
        });
    }
}

async fn use_streams_and_services(echo: &Echo) {
    let task = StreamTask {
        manner: Manner::Exchange.into(),
        bytes: 100_000,
    };
    let offered = echo.calls.clone().offer_stream(task).await.unwrap();
    let stream = echo.broker.stream(offered.into_inner().id).await.unwrap();
    exchange(stream, 100_000).await.unwrap();
    let served = echo.broker.serve(|_| {}).await.unwrap();
    let offer = echo.broker.offer_stream().await.unwrap();
    drop((served, offer));
}
