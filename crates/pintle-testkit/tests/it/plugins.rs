//! Many plugins in one set: started a few at a time, closed together.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use pintle::{
    BoxFuture, EndReason, Exit, Grpc, Launch, LaunchFailure, NotLaunched, OutputTo, PluginCommand,
    Plugins, Runner, StartError, StartPlan, Started, discover,
};
use pintle_testkit::{EchoPlugin, World, eventually};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::sync::Barrier;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::ROGUE;
use crate::lifecycle::{pid, repeat};
use crate::orphans::Said;

/// Longer than any test may take: what waits for it waits for ever.
const FOR_EVER: Duration = Duration::from_secs(600);

/// A set of as many plugins as there are modes, called `0`, `1` and so on.
fn set_of(plugins: Plugins, world: &World, modes: &[&str]) -> Plugins {
    let host = world.host().plaintext();
    for (number, mode) in modes.iter().enumerate() {
        let command = world.rogue(&host, mode);
        plugins.add(number.to_string(), command).unwrap();
    }
    plugins
}

#[tokio::test]
async fn plugins_that_were_discovered_are_launched_and_found_by_name() {
    let world = World::new(ROGUE);
    let dir = tempfile::tempdir().unwrap();
    for name in ["rogue-one", "rogue-two", "other"] {
        std::os::unix::fs::symlink(ROGUE, dir.path().join(name)).unwrap();
    }
    let plugins = Plugins::new();
    for found in discover(dir.path(), "rogue-*").unwrap() {
        let command = world.host().command(found.path).arg("well");
        plugins.add(found.name, command).unwrap();
    }
    assert_eq!(plugins.names(), ["rogue-one", "rogue-two"]);
    assert!(plugins.get("rogue-one").is_none(), "it is not launched yet");

    for (name, launched) in plugins.launch_all(Grpc).await {
        launched.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
    let session = plugins.get("rogue-two").unwrap();
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    assert_eq!(repeat(&echo, "hello").await.unwrap(), b"hello");

    let closed = plugins.close().await;
    assert_eq!(closed.len(), 2);
    let ends = closed.into_values();
    assert!(ends.map(Result::unwrap).all(|exit| exit == Exit::Code(0)));
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_plugin_that_fails_to_start_stops_no_other() {
    let world = World::new(ROGUE);
    let modes = ["well", "exits-early", "well", "garbage", "well"];
    let plugins = set_of(Plugins::new().concurrent_starts(1), &world, &modes);
    let missing = world.host().command("/no/such/plugin");
    plugins.add("missing", missing).unwrap();

    let launched = plugins.launch_all(Grpc).await;
    let outcomes: Vec<_> = launched
        .iter()
        .map(|(name, launched)| (&**name, launched.is_ok()))
        .collect();
    let expected = [
        ("0", true),
        ("1", false),
        ("2", true),
        ("3", false),
        ("4", true),
        ("missing", false),
    ];
    assert_eq!(outcomes, expected);
    let Err(NotLaunched::Failed(error)) = &launched["missing"] else {
        panic!("{launched:?}");
    };
    assert!(matches!(error.failure(), LaunchFailure::Start(_)));
    assert_eq!(plugins.close().await.len(), 3);
    assert!(world.is_clean());
}

/// A runner whose starts wait for each other, and fail then.
struct Meets {
    barrier: Arc<Barrier>,
    starting: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Runner for Meets {
    fn program(&self) -> String {
        "a meeting".to_owned()
    }

    fn start(&self, _: StartPlan) -> BoxFuture<'_, Result<Started, StartError>> {
        Box::pin(async {
            let now = self.starting.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.barrier.wait().await;
            // Others may come while the first to leave are still here.
            self.starting.fetch_sub(1, Ordering::SeqCst);
            Err(StartError::Runner("they have met".into()))
        })
    }
}

#[tokio::test]
async fn no_more_plugins_start_at_a_time_than_the_limit_and_no_fewer() {
    let world = World::new(ROGUE);
    let (starting, most) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
    let barrier = Arc::new(Barrier::new(3));
    let plugins = Plugins::new().concurrent_starts(3);
    for number in 0..12 {
        let runner = Meets {
            barrier: Arc::clone(&barrier),
            starting: Arc::clone(&starting),
            most: Arc::clone(&most),
        };
        let launch = world.host().plaintext().runner(runner);
        plugins.add(number.to_string(), launch).unwrap();
    }
    // Fewer than three would wait for ever.
    let launches = timeout(Duration::from_secs(60), plugins.launch_all(Grpc));
    assert_eq!(launches.await.unwrap().len(), 12);
    assert_eq!(most.load(Ordering::SeqCst), 3);

    // By several tasks of the user's own, too.
    let names = plugins.names();
    let each = names.iter().map(|name| plugins.launch(name, Grpc));
    let launches = timeout(Duration::from_secs(60), join_all(each));
    assert!(launches.await.unwrap().iter().all(Result::is_err));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn two_who_launch_the_same_plugin_get_the_same_session() {
    let world = World::new(ROGUE);
    let plugins = set_of(Plugins::new(), &world, &["well"]);
    let (one, two) = tokio::join!(plugins.launch("0", Grpc), plugins.launch("0", Grpc));
    assert_eq!(one.unwrap().pid(), two.unwrap().pid());
    let again = plugins.launch_all(Grpc).await.remove("0").unwrap().unwrap();
    assert_eq!(again.generation(), 1);
    plugins.close().await;
}

#[tokio::test]
async fn a_name_is_given_once_and_free_again_when_its_plugin_is_removed() {
    let world = World::new(ROGUE);
    let plugins = set_of(Plugins::new(), &world, &["well"]);
    let command = || world.rogue(&world.host(), "well");
    let error = plugins.add("0", command()).unwrap_err();
    assert_eq!(error.to_string(), "there is a plugin called `0` already");

    let session = plugins.launch("0", Grpc).await.unwrap();
    let removed = plugins.remove("0").unwrap();
    assert_eq!(removed.pid(), session.pid());
    plugins.add("0", command()).unwrap();
    assert!(plugins.get("0").is_none());
    session.ping().await.unwrap();
    let error = plugins.launch("1", Grpc).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no plugin of that name");
}

#[tokio::test]
async fn a_session_that_ended_is_kept_until_it_is_taken_and_its_plugin_can_be_launched_again() {
    let world = World::new(ROGUE);
    let plugins = set_of(Plugins::new(), &world, &["well", "well"]);
    plugins
        .launch_all(Grpc)
        .await
        .into_values()
        .for_each(|launched| drop(launched.unwrap()));
    let session = plugins.get("0").unwrap();
    kill_process(pid(&session), Signal::KILL).unwrap();
    session.closed().await;
    assert_eq!(plugins.get("0").unwrap().pid(), session.pid());

    let ended = plugins.take_ended();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended["0"].reason(), EndReason::Exited);
    assert!(plugins.get("0").is_none() && plugins.take_ended().is_empty());

    let launched = plugins.launch_all(Grpc).await;
    let generations = launched.into_values().map(|one| one.unwrap().generation());
    assert_eq!(generations.collect::<Vec<_>>(), [2, 1]);
    plugins.close().await;
}

#[tokio::test]
async fn twenty_are_closed_at_once_and_who_ignores_it_is_killed_at_the_sets_deadline() {
    let world = World::new(ROGUE);
    let (say, mut said) = unbounded_channel();
    let asked = say.clone();
    let host = world
        .host()
        .plaintext()
        // But for the set's deadline they would never be killed.
        .close_timeout(FOR_EVER)
        .stdout(OutputTo::each(move |chunk| {
            for _ in String::from_utf8_lossy(chunk).matches("not yet") {
                let _ = asked.send("asked");
            }
        }));
    let plugins = Plugins::new().close_timeout(Duration::from_secs(10));
    for number in 0..20 {
        let mode = if number < 5 {
            "ignores-shutdown"
        } else {
            "well"
        };
        let command = world.rogue(&host, mode);
        plugins.add(format!("{number:02}"), command).unwrap();
    }
    for (name, launched) in plugins.launch_all(Grpc).await {
        let session = launched.unwrap();
        if &*name < "05" {
            let killed = say.clone();
            tokio::spawn(async move {
                session.closed().await;
                let _ = killed.send("killed");
            });
        }
    }
    drop(say);

    let closed = timeout(Duration::from_secs(60), plugins.close()).await;
    let closed = closed.expect("one deadline for all");
    let reasons = closed.values().map(|closed| match closed {
        Ok(exit) => format!("{exit}"),
        Err(closed) => format!("{:?}", closed.reason()),
    });
    let mut expected = vec!["Killed"; 5];
    expected.extend(["exit code 0"; 15]);
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
    // Each was asked before any was killed: they were not closed one after the other.
    let mut order = Vec::new();
    while order.len() < 10 {
        order.push(said.recv().await.unwrap());
    }
    assert_eq!(order, [["asked"; 5], ["killed"; 5]].concat());
    assert!(world.is_clean());
    let again = plugins.close().await;
    assert_eq!(again.len(), 20, "asked again it tells the same");
}

#[tokio::test]
async fn closing_gives_up_the_launches_that_are_under_way_and_allows_no_more() {
    let world = World::new(ROGUE);
    let (host, mut said) = Said::by(world.host().plaintext());
    let plugins = set_of(Plugins::new().concurrent_starts(8), &world, &["well"; 2]);
    plugins.add("silent", world.rogue(&host, "stalls")).unwrap();
    let closing = async {
        let stalled = said.after("").await;
        eventually("the others are up", || {
            ["0", "1"].iter().all(|name| plugins.get(name).is_some())
        })
        .await;
        (plugins.close().await, stalled)
    };
    let both = async { tokio::join!(plugins.launch_all(Grpc), closing) };
    let (launched, (closed, stalled)) = timeout(Duration::from_secs(30), both).await.unwrap();
    assert!(matches!(launched["silent"], Err(NotLaunched::GivenUp)));
    assert_eq!(closed.len(), 2);
    assert!(is_reaped(&stalled));
    assert!(world.is_clean());
    let late = plugins.launch("0", Grpc).await;
    assert!(matches!(late, Err(NotLaunched::GivenUp)), "{late:?}");
}

/// Whether a plugin that said its number is gone, and has been waited for.
fn is_reaped(said: &str) -> bool {
    let pid = Pid::from_raw(said.parse().unwrap()).unwrap();
    test_kill_process(pid) == Err(Errno::SRCH)
}

/// Here neither the launches are polled meanwhile nor is what they have started known to anybody.
#[tokio::test]
async fn closing_needs_nobody_who_waits_for_the_launches() {
    let world = World::new(ROGUE);
    let (host, mut said) = Said::by(world.host().plaintext());
    let plugins = Plugins::new().concurrent_starts(2);
    for number in 0..3 {
        let command = world.rogue(&host, "stalls");
        plugins.add(number.to_string(), command).unwrap();
    }
    let mut launching = pin!(plugins.launch_all(Grpc));
    let stalled = tokio::select! {
        launched = &mut launching => panic!("{launched:?}"),
        stalled = async { [said.after("").await, said.after("").await] } => stalled,
    };
    let closed = timeout(Duration::from_secs(30), plugins.close()).await;
    assert!(closed.expect("close has a deadline").is_empty());
    assert!(stalled.iter().all(|pid| is_reaped(pid)));
    assert!(world.is_clean());
    let launched = launching.await;
    let given_up = |launched: &_| matches!(launched, Err(NotLaunched::GivenUp));
    assert!(launched.values().all(given_up), "{launched:?}");
}

#[tokio::test]
async fn closing_waits_for_what_was_dropped_and_removed_before() {
    let world = World::new(ROGUE);
    let (host, mut said) = Said::by(world.host().plaintext());
    let plugins = set_of(Plugins::new(), &world, &[]);
    plugins.add("0", world.rogue(&host, "stalls")).unwrap();
    let stalled = tokio::select! {
        launched = plugins.launch_all(Grpc) => panic!("{launched:?}"),
        stalled = said.after("") => stalled,
    };
    assert!(plugins.remove("0").is_none());
    plugins.close().await;
    assert!(is_reaped(&stalled));
    assert!(world.is_clean());
}

/// A runner of whose starts none ever comes to an end.
struct NeverStarts;

impl Runner for NeverStarts {
    fn program(&self) -> String {
        "one that never starts".to_owned()
    }

    fn start(&self, _: StartPlan) -> BoxFuture<'_, Result<Started, StartError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn closing_gives_up_a_runner_that_never_starts_anything() {
    let world = World::new(ROGUE);
    let plugins = Plugins::new();
    let host = world.host().plaintext().kill_timeout(Duration::ZERO);
    plugins.add("never", host.runner(NeverStarts)).unwrap();
    let closing = async {
        tokio::task::yield_now().await;
        plugins.close().await
    };
    let both = async { tokio::join!(plugins.launch_all(Grpc), closing) };
    let (launched, _) = timeout(Duration::from_secs(30), both).await.unwrap();
    assert!(matches!(launched["never"], Err(NotLaunched::GivenUp)));
    assert!(world.is_clean());
}

#[tokio::test]
async fn launches_that_are_dropped_leave_nothing() {
    let world = World::new(ROGUE);
    let (host, mut said) = Said::by(world.host().plaintext());
    let plugins = Plugins::new().concurrent_starts(2);
    for number in 0..4 {
        let command = world.rogue(&host, "stalls");
        plugins.add(number.to_string(), command).unwrap();
    }
    tokio::select! {
        launched = plugins.launch_all(Grpc) => panic!("{launched:?}"),
        _ = async { (said.after("").await, said.after("").await) } => {}
    }
    eventually("nothing is left", || {
        world.is_clean() && world.nobody_is_left()
    })
    .await;
    plugins.add("well", world.rogue(&host, "well")).unwrap();
    let well = plugins.launch("well", Grpc);
    timeout(Duration::from_secs(30), well)
        .await
        .unwrap()
        .unwrap();
    plugins.kill().await;
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_set_that_is_dropped_kills_its_plugins() {
    let world = World::new(ROGUE);
    let plugins = set_of(Plugins::new(), &world, &["well"; 3]);
    let launched = plugins.launch_all(Grpc).await;
    let pids: Vec<_> = launched
        .values()
        .map(|one| pid(one.as_ref().unwrap()))
        .collect();
    drop((launched, plugins));
    let all_gone = || pids.iter().all(|pid| pintle_testkit::has_ended(*pid));
    eventually("its plugins are gone", all_gone).await;
}

#[tokio::test]
async fn a_detached_plugin_in_a_set_that_is_dropped_lives_on() {
    let world = World::new(ROGUE);
    let command: PluginCommand = world.rogue(&world.host(), "well").detached();
    let plugins = Plugins::new();
    plugins.add("0", Launch::from(command)).unwrap();
    let session = plugins.launch("0", Grpc).await.unwrap();
    let (ended, pid) = (session.clone(), pid(&session));
    drop((session, plugins));
    ended.ping().await.unwrap();
    assert!(!pintle_testkit::has_ended(pid));
    ended.close().await.unwrap();
}
