//! What becomes of plugins, and of what they started, when their host is gone.

mod guard;
mod sigchld;

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use pintle::{Grpc, Host, OutputTo, PluginCommand};
use pintle_testkit::pb::Empty;
use pintle_testkit::{Doomed, EchoPlugin, HANDSHAKE, World, eventually, has_ended};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::ROGUE;

/// The lines that a plugin prints.
pub(crate) struct Said {
    lines: UnboundedReceiver<String>,
}

impl Said {
    /// A host that hears them.
    pub(crate) fn by(host: Host) -> (Host, Self) {
        let (say, lines) = unbounded_channel();
        let host = host.stdout(OutputTo::each(move |chunk| {
            for line in String::from_utf8_lossy(chunk).lines() {
                let _ = say.send(line.to_owned());
            }
        }));
        (host, Self { lines })
    }

    /// Waits for a line that begins so, and gives the rest of it.
    pub(crate) async fn after(&mut self, begin: &str) -> String {
        loop {
            let line = self.lines.recv().await.unwrap();
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.to_owned();
            }
        }
    }

    /// The plugin and its child.
    pub(crate) async fn family(&mut self) -> Vec<u32> {
        let family = self.after("family: ").await;
        let pids = family.split(' ').map(|pid| pid.parse().unwrap());
        pids.collect()
    }
}

/// The full name of a test of this file.
fn named(test: &str) -> String {
    format!("orphans::{test}")
}

/// Kills a host that is as far as `until` waits for; plugin and child must be gone then.
async fn check<F: Future<Output = ()>>(
    test: &str,
    mode: &str,
    until: impl FnOnce(PluginCommand, Said) -> F,
) {
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (host, said) = Said::by(world.host().plaintext());
        return until(world.rogue(&host, &format!("with-child {mode}")), said).await;
    }
    let mut host = Doomed::start(&named(test));
    host.kill();
    host.family_is_gone().await;
}

/// While a launch is under way that never becomes a session.
async fn launching(command: PluginCommand, mut said: Said) {
    let launch = command.launch(Grpc);
    let died = async { Doomed::await_death(said.family().await).await };
    tokio::select! {
        launched = launch => panic!("it does not become a session: {launched:?}"),
        () = died => {}
    }
}

#[tokio::test]
async fn a_host_killed_while_its_plugin_starts_leaves_neither_plugin_nor_child() {
    let test = "a_host_killed_while_its_plugin_starts_leaves_neither_plugin_nor_child";
    check(test, "silent", launching).await;
}

#[tokio::test]
async fn a_host_killed_mid_handshake_leaves_neither_plugin_nor_child() {
    let test = "a_host_killed_mid_handshake_leaves_neither_plugin_nor_child";
    check(test, "silent-listener", launching).await;
}

#[tokio::test]
async fn a_host_killed_mid_call_leaves_neither_plugin_nor_child() {
    let test = "a_host_killed_mid_call_leaves_neither_plugin_nor_child";
    check(test, "well", async |command, mut said| {
        let session = command.launch(Grpc).await.unwrap();
        let echo = session.dispense::<EchoPlugin>().await.unwrap();
        let mut calls = echo.calls.clone();
        tokio::spawn(async move { calls.never(Empty {}).await.map(drop) });
        let open = pintle_testkit::pb::AwaitNeverRequest { open: 1 };
        echo.calls.clone().await_never(open).await.unwrap();
        Doomed::await_death(said.family().await).await;
    })
    .await;
}

#[tokio::test]
async fn a_host_killed_during_close_leaves_neither_plugin_nor_child() {
    let test = "a_host_killed_during_close_leaves_neither_plugin_nor_child";
    check(test, "ignores-shutdown", async |command, mut said| {
        let session = command.launch(Grpc).await.unwrap();
        let family = said.family().await;
        let closing = tokio::spawn(async move { session.close().await });
        said.after("not yet").await;
        Doomed::await_death(family).await;
        drop(closing);
    })
    .await;
}

#[tokio::test]
async fn a_stopped_plugin_does_not_outlive_its_host_either() {
    let test = "a_stopped_plugin_does_not_outlive_its_host_either";
    check(test, "well", async |command, mut said| {
        let session = command.launch(Grpc).await.unwrap();
        let pid = Pid::from_raw(session.pid().unwrap() as i32).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        Doomed::await_death(said.family().await).await;
    })
    .await;
}

/// What a program that knows nothing of pintle has started is then nobody's; the program is not.
#[tokio::test]
async fn a_host_killed_with_its_guard_still_leaves_no_plugin() {
    let test = "a_host_killed_with_its_guard_still_leaves_no_plugin";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let command = world.rogue(&host, "ignores-shutdown");
        let session = command.launch(Grpc).await.unwrap();
        let stranger = world.rogue(&host, "stalls");
        let launch = stranger.launch(Grpc);
        let died = async {
            let stranger = said.after("").await.parse().unwrap();
            Doomed::await_death([session.pid().unwrap(), stranger]).await;
        };
        tokio::select! {
            launched = launch => panic!("it does not become a session: {launched:?}"),
            () = died => {}
        }
        return;
    }
    let mut host = Doomed::start(&named(test));
    kill_process(host.guard(), Signal::KILL).unwrap();
    host.kill();
    host.family_is_gone().await;
}

#[tokio::test]
async fn a_plugin_whose_host_is_killed_ends_in_good_order() {
    let test = "a_plugin_whose_host_is_killed_ends_in_good_order";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let session = world.rogue(&world.host(), "well").launch(Grpc).await;
        return Doomed::await_death(session.unwrap().pid()).await;
    }
    let mut host = Doomed::start(&named(test));
    assert_eq!(host.sockets().len(), 1, "the check would see no socket");
    host.kill();
    host.family_is_gone().await;
    assert_eq!(host.sockets().len(), 0, "its socket is left");
}

#[tokio::test]
async fn a_plugin_of_a_plugin_is_gone_with_the_first_host_too() {
    let test = "a_plugin_of_a_plugin_is_gone_with_the_first_host_too";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let session = world.rogue(&host, "hosts").launch(Grpc).await.unwrap();
        let mut family = said.family().await;
        family.push(session.pid().unwrap());
        return Doomed::await_death(family).await;
    }
    let mut host = Doomed::start(&named(test));
    assert_eq!(host.family().len(), 3);
    host.kill();
    host.family_is_gone().await;
}

#[tokio::test]
async fn a_plugin_with_the_hosts_stdin_ends_with_it_and_so_does_its_child() {
    let test = "a_plugin_with_the_hosts_stdin_ends_with_it_and_so_does_its_child";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let command = world.rogue(&host, "with-child well").inherit_stdin();
        let _session = command.launch(Grpc).await.unwrap();
        return Doomed::await_death(said.family().await).await;
    }
    let mut host = Doomed::start(&named(test));
    host.kill();
    host.family_is_gone().await;
}

#[tokio::test]
async fn a_host_killed_at_any_moment_leaves_no_process() {
    let test = "a_host_killed_at_any_moment_leaves_no_process";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let busy = async || {
            loop {
                let command = world.rogue(&world.host(), "with-child well");
                let session = command.launch(Grpc).await.unwrap();
                let echo = session.dispense::<EchoPlugin>().await.unwrap();
                let payload = pintle_testkit::pb::Payload::default();
                echo.calls.clone().repeat(payload).await.unwrap();
                session.close().await.unwrap();
            }
        };
        tokio::select! {
            _ = async { tokio::join!(busy(), busy()) } => {}
            () = Doomed::await_death([std::process::id()]) => {}
        }
        return;
    }
    for moment in 0..12 {
        let mut host = Doomed::start(&named(test));
        // Whatever it is at then: there is nothing to wait for.
        std::thread::sleep(Duration::from_millis(moment * 11));
        host.kill();
        host.nobody_is_left().await;
    }
}

#[tokio::test]
async fn a_host_that_just_exits_leaves_no_plugin() {
    let test = "a_host_that_just_exits_leaves_no_plugin";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let command = world.rogue(&host, "with-child well");
        let session = command.launch(Grpc).await.unwrap();
        let family = said.family().await;
        // No destructor runs.
        tokio::spawn(Doomed::await_death(family));
        tokio::time::sleep(Duration::from_millis(200)).await;
        std::mem::forget(session);
        std::process::exit(0);
    }
    let host = Doomed::start(&named(test));
    host.family_is_gone().await;
}

#[tokio::test]
async fn a_detached_plugin_outlives_its_host() {
    let test = "a_detached_plugin_outlives_its_host";
    if Doomed::is_me() {
        let world = World::new(ROGUE);
        let command = world.rogue(&world.host(), "well").detached();
        let session = command.launch(Grpc).await.unwrap();
        return Doomed::await_death(session.pid()).await;
    }
    let mut host = Doomed::start(&named(test));
    host.kill();
    // Longer than any other plugin is given.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!has_ended(host.family()[0]));
}

#[tokio::test]
async fn a_detached_plugin_outlives_its_session_unless_it_is_closed() {
    let world = World::new(ROGUE);
    let command = world.rogue(&world.host().plaintext(), "well").detached();
    let session = command.launch(Grpc).await.unwrap();
    let pid = Pid::from_raw(session.pid().unwrap() as i32).unwrap();
    let ended = {
        let echo = session.dispense::<EchoPlugin>().await.unwrap();
        drop(session);
        echo.calls.clone().never(Empty {}).await.unwrap_err()
    };
    let closed = pintle::SessionClosed::of(&ended).expect("the status knows why");
    assert_eq!(closed.reason(), pintle::EndReason::Left);
    assert!(!has_ended(pid));
    assert_eq!(world.socket_files().len(), 1, "nobody can reach it");
    kill_process(pid, Signal::TERM).unwrap();
    eventually("it is reaped though nobody holds it", || {
        rustix::process::test_kill_process(pid).is_err()
    })
    .await;

    let session = command.launch(Grpc).await.unwrap();
    assert_eq!(session.close().await.unwrap(), pintle::Exit::Code(0));
}

/// Linux tells a child of the end of the thread that started it, and not of the process's.
#[tokio::test]
async fn a_plugin_outlives_the_thread_that_launched_it() {
    let world = World::new(ROGUE);
    let command = world.rogue(&world.host(), "well");
    let runtime = tokio::runtime::Handle::current();
    let launched = std::thread::spawn(move || runtime.block_on(command.launch(Grpc)));
    let launched = tokio::task::spawn_blocking(|| launched.join().unwrap()).await;
    let session = launched.unwrap().unwrap();
    session.ping().await.unwrap();
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_plugin_finds_its_stdin_empty() {
    let world = World::new(ROGUE);
    let (host, mut said) = Said::by(world.host());
    let command = world.rogue(&host, "reads-stdin");
    let session = command.launch(Grpc).await.unwrap();
    assert_eq!(said.after("0 ").await, "lines");
    session.close().await.unwrap();
}

/// As under a Go host, which gives its plugins neither a pipe nor a wish to the kernel.
#[test]
fn a_plugin_whose_foreign_host_is_killed_ends_in_good_order() {
    let sockets = tempfile::tempdir().unwrap();
    let mut host = Command::new("sh")
        .args(["-c", "\"$0\" well & echo $!; wait", ROGUE])
        .env(HANDSHAKE.cookie_key(), HANDSHAKE.cookie_value())
        .env("PLUGIN_UNIX_SOCKET_DIR", sockets.path())
        // Such a host may be a plugin itself, and pass on what it was told.
        .env("PINTLE_LIFELINE", "stdin:1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let plugin = lines.next().unwrap().unwrap();
    let plugin = Pid::from_raw(plugin.parse().unwrap()).unwrap();
    let line = lines.next().unwrap().unwrap();
    assert!(line.starts_with("1|"), "{line}");
    std::thread::sleep(Duration::from_millis(500));
    assert!(!has_ended(plugin), "it took another's stdin for its host's");
    assert_eq!(std::fs::read_dir(sockets.path()).unwrap().count(), 1);

    host.kill().unwrap();
    host.wait().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually("the plugin is gone", || has_ended(plugin)));
    assert_eq!(std::fs::read_dir(sockets.path()).unwrap().count(), 0);
}
