//! The terminal of a host, lent to a plugin and given back.

use std::fs::File;
use std::future::Future;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::Duration;

use pintle::{Grpc, Host, Interrupted, LaunchFailure, Plugins, Session, StartError};
use pintle_testkit::{World, eventually, has_ended};
use rustix::fs::{Mode, OFlags};
use rustix::process::{
    Pid, Signal, getpgid, getpgrp, getpid, ioctl_tiocsctty, kill_process, setsid,
};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::stdio::{dup2_stdin, stdin};
use rustix::termios::{tcgetattr, tcgetpgrp, tcsetpgrp};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::ROGUE;
use crate::lifecycle::pid;
use crate::orphans::Said;

/// Says to a test that it is run once more, alone in its process.
const VARIABLE: &str = "PINTLE_TESTKIT_TERMINAL";

/// A terminal that controls this process, and what a person does at it.
struct Terminal {
    /// Never closed: the process would be told that its terminal has gone, before it has said how the
    /// test went.
    keyboard: ManuallyDrop<File>,
}

impl Terminal {
    fn of_this_process() -> Self {
        setsid().expect("this process leads no group");
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let screen = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        ioctl_tiocsctty(&screen).unwrap();
        dup2_stdin(&screen).unwrap();
        Self {
            keyboard: ManuallyDrop::new(keyboard.into()),
        }
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }
}

const CTRL_C: &str = "\x03";

fn foreground() -> Pid {
    tcgetpgrp(stdin()).unwrap()
}

/// Runs `story` in a process of its own: its terminal and its stdin are the whole process's.
async fn alone<F: Future<Output = ()>>(test: &str, story: impl FnOnce() -> F) {
    if std::env::var_os(VARIABLE).is_some() {
        return story().await;
    }
    let mut process = tokio::process::Command::new(std::env::current_exe().unwrap());
    process
        .args([&format!("terminal::{test}"), "--exact", "--nocapture"])
        .env(VARIABLE, "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(Duration::from_secs(100), process.output()).await;
    let output = output.expect("it is not stopped").unwrap();
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    assert!(out.contains("1 passed"), "{test} is no test: {out}");
}

/// Launches a plugin that says what is typed.
async fn interactive(world: &World, host: &Host) -> Session {
    let command = world.rogue(host, "interactive").inherit_stdin();
    let session = command.launch(Grpc).await.unwrap();
    assert_eq!(foreground(), pid(&session));
    session
}

#[tokio::test]
async fn a_plugin_reads_what_is_typed_and_its_host_does_when_it_has_ended() {
    let test = "a_plugin_reads_what_is_typed_and_its_host_does_when_it_has_ended";
    alone(test, async || {
        let mut terminal = Terminal::of_this_process();
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        assert_eq!(foreground(), getpgrp());
        let session = interactive(&world, &host).await;
        terminal.types("hello\n");
        assert_eq!(said.after("typed: ").await, "hello");
        session.close().await.unwrap();

        assert_eq!(foreground(), getpgrp());
        terminal.types("again\n");
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        assert_eq!(read.await.unwrap().unwrap(), "again\n");
    })
    .await;
}

#[tokio::test]
async fn the_terminal_is_the_hosts_again_however_the_plugin_ended() {
    let test = "the_terminal_is_the_hosts_again_however_the_plugin_ended";
    alone(test, async || {
        let mut terminal = Terminal::of_this_process();
        let world = World::new(ROGUE);
        let host = world.host().plaintext();

        let session = interactive(&world, &host).await;
        session.kill().await;
        assert_eq!(foreground(), getpgrp(), "it was killed");

        let session = interactive(&world, &host).await;
        terminal.types("crash\n");
        session.closed().await;
        assert_eq!(foreground(), getpgrp(), "it crashed");

        let session = interactive(&world, &host).await;
        kill_process(pid(&session), Signal::KILL).unwrap();
        session.closed().await;
        assert_eq!(foreground(), getpgrp(), "a stranger killed it");

        drop(interactive(&world, &host).await);
        eventually("its session was dropped", || foreground() == getpgrp()).await;

        let stubborn = host.clone().close_timeout(Duration::from_millis(100));
        let command = world.rogue(&stubborn, "ignores-shutdown").inherit_stdin();
        let session = command.launch(Grpc).await.unwrap();
        assert_eq!(foreground(), pid(&session));
        session.close().await.unwrap_err();
        assert_eq!(foreground(), getpgrp(), "it did not end when asked");
    })
    .await;
}

/// Says to a test that it is a host, which lends the terminal and exits.
const HOST: &str = "PINTLE_TESTKIT_TERMINAL_HOST";

#[test]
fn a_host_that_drops_its_session_and_exits_leaves_the_terminal_to_who_started_it() {
    let test = "a_host_that_drops_its_session_and_exits_leaves_the_terminal_to_who_started_it";
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    if std::env::var_os(HOST).is_some() {
        runtime.block_on(async {
            let world = World::new(ROGUE);
            drop(interactive(&world, &world.host()).await);
        });
        drop(runtime);
        // Nothing that is under way is waited for.
        std::process::exit(0);
    }
    runtime.block_on(alone(test, async || {
        let _terminal = Terminal::of_this_process();
        let mut host = std::process::Command::new(std::env::current_exe().unwrap());
        host.args([&format!("terminal::{test}"), "--exact", "--nocapture"]);
        for _ in 0..5 {
            let exit = host.env(HOST, "1").status().unwrap();
            assert!(exit.success(), "{exit}");
            assert_eq!(foreground(), getpgrp());
        }
    }));
}

#[tokio::test]
async fn a_terminal_comes_back_with_the_settings_it_was_lent_with() {
    let test = "a_terminal_comes_back_with_the_settings_it_was_lent_with";
    alone(test, async || {
        let mut terminal = Terminal::of_this_process();
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let lent = tcgetattr(stdin()).unwrap();
        let session = interactive(&world, &host).await;
        terminal.types("raw\n");
        said.after("raw").await;
        assert_ne!(tcgetattr(stdin()).unwrap().local_modes, lent.local_modes);
        session.kill().await;
        assert_eq!(tcgetattr(stdin()).unwrap().local_modes, lent.local_modes);
    })
    .await;
}

#[tokio::test]
async fn the_terminal_is_the_hosts_again_after_a_launch_that_failed() {
    let test = "the_terminal_is_the_hosts_again_after_a_launch_that_failed";
    alone(test, async || {
        let _terminal = Terminal::of_this_process();
        let world = World::new(ROGUE);
        let host = world.host().plaintext();
        let impatient = host.clone().start_timeout(Duration::from_millis(200));
        let no_program = tempfile::NamedTempFile::new().unwrap();
        let commands = [
            world.rogue(&host, "exits-early"),
            world.rogue(&impatient, "silent"),
            host.command("/no/such/program"),
            host.command(no_program.path()),
        ];
        for command in commands {
            let command = command.inherit_stdin();
            command.launch(Grpc).await.unwrap_err();
            eventually("it is the host's", || foreground() == getpgrp()).await;
        }

        let (hears, mut said) = Said::by(host);
        let command = world.rogue(&hears, "stalls").inherit_stdin();
        let stalled = async {
            let stalled: i32 = said.after("").await.parse().unwrap();
            assert_eq!(Some(foreground()), Pid::from_raw(stalled));
        };
        tokio::select! {
            launched = command.launch(Grpc) => panic!("{launched:?}"),
            () = stalled => {}
        }
        eventually("the launch was dropped", || foreground() == getpgrp()).await;
    })
    .await;
}

#[tokio::test]
async fn ctrl_c_goes_to_who_has_the_terminal() {
    let test = "ctrl_c_goes_to_who_has_the_terminal";
    alone(test, async || {
        let mut terminal = Terminal::of_this_process();
        let mut interrupts = signal(SignalKind::interrupt()).unwrap();
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        let session = interactive(&world, &host).await;
        terminal.types(CTRL_C);
        said.after("interrupted").await;
        session.ping().await.unwrap();
        let heard = timeout(Duration::ZERO, interrupts.recv()).await;
        assert!(heard.is_err(), "the host was interrupted, too");
        session.close().await.unwrap();

        terminal.types(CTRL_C);
        let heard = timeout(Duration::from_secs(20), interrupts.recv()).await;
        heard.expect("the host is to be interrupted").unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_second_plugin_does_not_get_the_terminal_until_the_first_has_ended() {
    let test = "a_second_plugin_does_not_get_the_terminal_until_the_first_has_ended";
    alone(test, async || {
        let _terminal = Terminal::of_this_process();
        let world = World::new(ROGUE);
        let host = world.host();
        let first = interactive(&world, &host).await;
        let command = world.rogue(&host, "interactive").inherit_stdin();
        let error = command.launch(Grpc).await.unwrap_err();
        let expected = LaunchFailure::Start(StartError::TerminalLent).to_string();
        assert_eq!(error.failure().to_string(), expected);
        assert_eq!(foreground(), pid(&first), "it was taken from the first");
        // One that has no use for the terminal is launched as ever.
        let other = world.rogue(&host, "well").launch(Grpc).await.unwrap();
        other.close().await.unwrap();
        assert_eq!(foreground(), pid(&first));

        first.close().await.unwrap();
        interactive(&world, &host).await.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_host_in_the_background_takes_the_terminal_from_nobody() {
    let test = "a_host_in_the_background_takes_the_terminal_from_nobody";
    alone(test, async || {
        let _terminal = Terminal::of_this_process();
        let mut sleep = std::process::Command::new("sleep");
        let mut sleep = sleep.arg("120").process_group(0).spawn().unwrap();
        let other = Pid::from_raw(sleep.id() as i32).unwrap();
        tcsetpgrp(stdin(), other).unwrap();
        let world = World::new(ROGUE);
        let command = world.rogue(&world.host(), "well").inherit_stdin();
        let error = command.launch(Grpc).await.unwrap_err();
        let expected = LaunchFailure::Start(StartError::NotInForeground).to_string();
        assert_eq!(error.failure().to_string(), expected);
        assert_eq!(foreground(), other);
        sleep.kill().unwrap();
        sleep.wait().unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_a_plugin_with_the_terminal_started_ends_with_it() {
    let test = "what_a_plugin_with_the_terminal_started_ends_with_it";
    alone(test, async || {
        let _terminal = Terminal::of_this_process();
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        for kill in [false, true] {
            let command = world.rogue(&host, "with-child interactive").inherit_stdin();
            let session = command.launch(Grpc).await.unwrap();
            let family = said.family().await;
            match kill {
                true => drop(session.kill().await),
                false => drop(session.close().await.unwrap()),
            }
            let family = family.iter().map(|pid| Pid::from_raw(*pid as i32).unwrap());
            let family: Vec<_> = family.collect();
            eventually("they are gone", || family.iter().all(|pid| has_ended(*pid))).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_host_that_is_told_to_end_takes_the_terminal_back() {
    let test = "a_host_that_is_told_to_end_takes_the_terminal_back";
    alone(test, async || {
        let _terminal = Terminal::of_this_process();
        let world = World::new(ROGUE);
        let plugins = Plugins::new();
        let command = world.rogue(&world.host(), "interactive").inherit_stdin();
        plugins.add("interactive", command).unwrap();
        let work = async {
            let session = plugins.launch("interactive", Grpc).await.unwrap();
            assert_eq!(foreground(), pid(&session));
            kill_process(getpid(), Signal::TERM).unwrap();
            std::future::pending::<()>().await;
        };
        let interrupted = plugins.until_interrupted(work).await.unwrap_err();
        assert!(matches!(interrupted, Interrupted::Sigterm { .. }));
        assert_eq!(foreground(), getpgrp());
    })
    .await;
}

#[tokio::test]
async fn a_stdin_that_is_no_terminal_is_shared_by_a_plugin_in_a_group_of_its_own() {
    let test = "a_stdin_that_is_no_terminal_is_shared_by_a_plugin_in_a_group_of_its_own";
    alone(test, async || {
        let (reader, mut writer) = std::io::pipe().unwrap();
        dup2_stdin(reader).unwrap();
        let world = World::new(ROGUE);
        let (host, mut said) = Said::by(world.host());
        // Two of them, for nothing is lent.
        let command = world.rogue(&host, "interactive").inherit_stdin();
        let one = command.launch(Grpc).await.unwrap();
        let two = command.launch(Grpc).await.unwrap();
        writer.write_all(b"hello\n").unwrap();
        assert_eq!(said.after("typed: ").await, "hello");
        for session in [one, two] {
            assert_eq!(getpgid(Some(pid(&session))).unwrap(), pid(&session));
            session.close().await.unwrap();
        }
    })
    .await;
}
