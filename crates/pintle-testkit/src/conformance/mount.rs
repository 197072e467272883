use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pintle::{
    BoxFuture, DispenseError, Host, Launch, LaunchError, OutputTo, Plugin, Reattach, Session,
    Transports,
};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{Ask, CallError, PATIENCE, Peer};
use crate::World;

/// A program to launch, and a transport to launch it over.
#[derive(Clone, Debug)]
pub struct Mount {
    program: PathBuf,
    args: Vec<String>,
    transports: Transports,
    plaintext: bool,
    runner: Option<ByRunner>,
    dispense: fn(&Session) -> Dispensing<'_>,
}

/// How a program is launched with its arguments, if not as a command.
type ByRunner = fn(&Host, &Path, &[String]) -> Launch;

/// A client of the suite's plugin, whichever that is.
type Dispensing<'a> = BoxFuture<'a, Result<Arc<dyn Peer>, DispenseError>>;

impl Mount {
    /// Launches `program`, which serves `P`, over the transport.
    pub fn new<P: Plugin<Client = Arc<dyn Peer>>>(
        program: impl Into<PathBuf>,
        transports: impl Into<Transports>,
    ) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            transports: transports.into(),
            plaintext: false,
            runner: None,
            dispense: |session| Box::pin(session.dispense::<P>()),
        }
    }

    /// Adds an argument for the program.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Goes without mutual TLS.
    #[must_use]
    pub fn plaintext(mut self) -> Self {
        self.plaintext = true;
        self
    }

    /// Launches the program, with its arguments, by a runner.
    #[must_use]
    pub fn by(mut self, runner: ByRunner) -> Self {
        self.runner = Some(runner);
        self
    }

    /// What it is launched over.
    pub(super) fn transports(&self) -> Transports {
        self.transports.clone()
    }

    pub(super) async fn launch(&self) -> Mounted {
        self.launch_by(|host| host).await
    }

    /// As [`launch`](Self::launch), to outlive its host, which hears what it prints to stdout.
    pub(super) async fn launch_detached(&self, stdout: OutputTo) -> Mounted {
        let world = World::new(&self.program);
        let command = self.host(&world).stdout(stdout).command(world.program());
        let command = command.args(&self.args).detached();
        let session = command.launch(self.transports()).await;
        let session = session.expect("the program is a plugin");
        self.mounted(session, world).await
    }

    /// Another host, in the same world, takes over what `left` was.
    pub(super) async fn reattach(
        &self,
        left: Mounted,
        token: &Reattach,
        stdout: OutputTo,
    ) -> Mounted {
        let host = self.host(&left.world).stdout(stdout);
        let session = host.reattach(token, self.transports()).await;
        let session = session.expect("the plugin lives");
        self.mounted(session, left.world).await
    }

    /// Whether a host would take over what the token says.
    pub(super) async fn try_reattach(
        &self,
        world: &World,
        token: &Reattach,
    ) -> Result<Session, LaunchError> {
        let host = self.host(world);
        host.reattach(token, self.transports()).await
    }

    fn host(&self, world: &World) -> Host {
        match self.plaintext {
            true => world.host().plaintext(),
            false => world.host(),
        }
    }

    async fn mounted(&self, session: Session, world: World) -> Mounted {
        let dispensed = (self.dispense)(&session).await;
        Mounted {
            peer: dispensed.expect("the plugin serves the suite"),
            session,
            world,
            mount: self.clone(),
        }
    }

    /// As [`launch`](Self::launch), by a host with other options.
    pub(super) async fn launch_by(&self, options: impl FnOnce(Host) -> Host) -> Mounted {
        let world = World::new(&self.program);
        let host = options(self.host(&world));
        let transports = self.transports();
        let launched = match self.runner {
            Some(by) => {
                let launch = by(&host, world.program(), &self.args);
                launch.launch(transports).await
            }
            None => {
                let command = host.command(world.program()).args(&self.args);
                command.launch(transports).await
            }
        };
        let session = launched.expect("the program is a plugin over this transport");
        assert_eq!(session.is_secure(), !self.plaintext);
        self.mounted(session, world).await
    }
}

/// A launched plugin of the suite.
pub(super) struct Mounted {
    pub(super) session: Session,
    pub(super) peer: Arc<dyn Peer>,
    pub(super) world: World,
    mount: Mount,
}

impl Mounted {
    /// Another client.
    pub(super) async fn dispense(&self) -> Arc<dyn Peer> {
        let dispensed = (self.mount.dispense)(&self.session).await;
        dispensed.expect("it was dispensed before")
    }

    /// What the plugin answers, in time.
    #[track_caller]
    pub(super) fn ask(&self, ask: Ask) -> impl Future<Output = Bytes> {
        let place = std::panic::Location::caller();
        async move {
            let answer = self.peer.ask(ask, PATIENCE).await;
            answer.unwrap_or_else(|error| panic!("{place}: {error:?}"))
        }
    }

    /// Why the plugin does not answer.
    #[track_caller]
    pub(super) fn ask_in_vain(
        &self,
        ask: Ask,
        within: Duration,
    ) -> impl Future<Output = CallError> {
        let place = std::panic::Location::caller();
        async move {
            match self.peer.ask(ask, within).await {
                Ok(answer) => panic!("{place}: it answered with {} bytes", answer.len()),
                Err(error) => error,
            }
        }
    }

    /// That the session is as good as new.
    #[track_caller]
    pub(super) fn still_answers(&self) -> impl Future<Output = ()> {
        let answer = self.ask(Ask::Repeat(Bytes::from_static(b"still here")));
        async { assert_eq!(answer.await, "still here") }
    }

    pub(super) fn kill_plugin(&self) {
        kill_process(self.pid(), Signal::KILL).expect("the plugin runs");
    }

    pub(super) fn pid(&self) -> Pid {
        let pid = self.session.pid().expect("the plugin is a local process");
        Pid::from_raw(pid as i32).expect("a process has a number")
    }

    /// Closes the session; everything must be gone afterwards.
    pub(super) async fn close(self) {
        let pid = self.pid();
        let exit = self
            .session
            .close()
            .await
            .expect("it ends as it is asked to");
        assert_eq!(exit, pintle::Exit::Code(0));
        assert!(is_gone(pid) && self.world.is_clean());
    }
}

pub(super) fn is_gone(pid: Pid) -> bool {
    test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
}
