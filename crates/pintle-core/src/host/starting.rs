//! A process on its way to a session, whether it was just started or was running before.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::time::timeout;
use tokio_util::sync::DropGuard;

use super::Host;
use super::launch::Fate;
use super::pipe::{Pipe, Pipes};
use super::sockets::SocketDir;
use super::stderr::{self, StderrReader, StderrTail};
use crate::ended::{Ended, Teller};
use crate::error::{LaunchError, LaunchFailure};
use crate::handshake::{Protocol, ProtocolVersion};
use crate::net::{Address, Net, Translate, remove_stale};
use crate::oom::OomKills;
use crate::output::{Output, StdioChannel};
use crate::reattach::Reattach;
use crate::runner::{Birth, Process, Started, diagnosis};
use crate::security::{Keys, Security};
use crate::session::{Bond, Facts, Session, Supervised, Timeouts};
use crate::tasks::Tasks;
use crate::transport::{AnyConnection, AnyTransport, HostLink};

/// How long a process may outlive its stdout or its connection and still count as ending.
///
/// One that is ending closes them a moment before it can be waited for.
pub(super) const EXIT_GRACE: Duration = Duration::from_millis(500);

/// How long is waited for what is left to be heard of a plugin that failed to start.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(100);

/// How long whoever takes what a plugin has printed may delay the news that its launch has failed.
const TAKING: Duration = Duration::from_millis(500);

/// A process that is running and has yet to become a session.
pub(super) struct Starting {
    pub(super) program: String,
    pub(super) process: Box<dyn Process>,
    /// How long is waited for it to be gone when it was killed.
    kill_timeout: Duration,
    pub(super) stdout: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) translation: Arc<dyn Translate>,
    /// Where it listens, as this side reaches it, once it has said so.
    pub(super) address: Option<Address>,
    pub(super) output: Output,
    pub(super) tail: StderrTail,
    pub(super) oom_kills: OomKills,
    /// The readers of what it writes to its stdout and stderr; they outlive it, to hear its last words.
    pub(super) pipes: Pipes,
    /// The tasks that bring what it prints over the connection; they outlive it, too.
    pub(super) outputs: Tasks,
    /// The other tasks of the connection.
    pub(super) tasks: Tasks,
    /// Ends all of them when the launch is given up by dropping it.
    pub(super) unless_connected: [DropGuard; 3],
}

/// What a plugin said of itself, and what was agreed on with it.
pub(super) struct Agreed {
    pub(super) version: ProtocolVersion,
    pub(super) protocol: Protocol,
    pub(super) address: Address,
    pub(super) multiplexed: bool,
    pub(super) security: Security,
    pub(super) keys: Option<Keys>,
    /// The number of the process that alone is spoken with, where nothing else tells it from
    /// others.
    pub(super) process: Option<u32>,
}

/// A connected plugin.
pub(super) struct Ready {
    connection: Arc<dyn AnyConnection>,
    agreed: Agreed,
    teller: Teller,
    ended: Ended,
}

impl Starting {
    pub(super) fn new(host: &Host, program: String, started: Started) -> Self {
        let Started {
            process,
            stdout,
            stderr,
            translation,
        } = started;
        let tail = StderrTail::default();
        let (pipes, outputs, tasks) = (Pipes::default(), Tasks::new(), Tasks::new());
        let output = Output::new(program.clone(), host.stdout.clone(), host.stderr.clone());
        let logs = host.logs.clone();
        let reader = StderrReader::new(program.clone(), logs, tail.clone(), output.clone());
        pipes.read(stderr::follow(pipes.pipe(stderr), reader));
        let oom_kills = OomKills::now(process.pid());
        Self {
            program,
            process,
            kill_timeout: host.ending.kill,
            stdout,
            translation,
            address: None,
            output,
            tail,
            oom_kills,
            unless_connected: [pipes.stopping(), outputs.stopping(), tasks.stopping()]
                .map(|stopping| stopping.clone().drop_guard()),
            pipes,
            outputs,
            tasks,
        }
    }

    /// Connects as was agreed on.
    pub(super) async fn join(
        &mut self,
        host: &Host,
        transport: &dyn AnyTransport,
        agreed: Agreed,
        sockets: &SocketDir,
    ) -> Result<Ready, LaunchFailure> {
        let net = Net::new(
            host.network(sockets),
            agreed.security.clone().with_alpn(transport.alpn()),
            host.connect_timeout,
            Arc::clone(&self.translation),
        );
        let net = match agreed.process {
            Some(process) => net.with_process(process),
            None => net,
        };
        let (teller, ended) = Ended::channel(host.ending.longest());
        let link = HostLink {
            address: agreed.address.clone(),
            net,
            tasks: self.tasks.clone(),
            outputs: self.outputs.clone(),
            output: self.output.clone(),
            ended: ended.clone(),
            multiplexed: agreed.multiplexed,
        };
        let connection = self.connect(transport, link, host.connect_timeout).await?;
        Ok(Ready {
            connection,
            agreed,
            teller,
            ended,
        })
    }

    /// Connects, unless the process ends first or time runs out.
    async fn connect(
        &mut self,
        transport: &dyn AnyTransport,
        link: HostLink,
        timeout: Duration,
    ) -> Result<Arc<dyn AnyConnection>, LaunchFailure> {
        let begin = tokio::time::Instant::now();
        let connecting = tokio::time::timeout(timeout, transport.connect(link));
        let failure = tokio::select! {
            connected = connecting => match connected {
                Ok(Ok(connection)) => return Ok(connection),
                // A step within has the same time and may notice first: one thing has one name.
                Ok(Err(_)) if begin.elapsed() >= timeout => {
                    return Err(LaunchFailure::ConnectTimeout { timeout });
                }
                Ok(Err(error)) => LaunchFailure::Connect(error),
                Err(_) => return Err(LaunchFailure::ConnectTimeout { timeout }),
            },
            Ok(exit) = self.process.wait() => return Err(LaunchFailure::ExitedUnconnected { exit }),
        };
        // The end of the process explains more than the end of its socket.
        match tokio::time::timeout(EXIT_GRACE, self.process.wait()).await {
            Ok(Ok(exit)) => Err(LaunchFailure::ExitedUnconnected { exit }),
            _ => Err(failure),
        }
    }

    /// Ends what was started and tells why, with the plugin's last words.
    pub(super) async fn give_up(mut self, failure: LaunchFailure) -> LaunchError {
        self.tasks.finish().await;
        let diagnosis = diagnosis(&mut *self.process).await;
        let exit = match timeout(Duration::ZERO, self.process.wait()).await {
            Ok(exit) => exit.ok(),
            Err(_) => {
                self.kill().await;
                None
            }
        };
        self.output.begin_last();
        if timeout(TAKING, self.pipes.read_out()).await.is_err() {
            tracing::warn!(
                plugin = self.program,
                "what it printed last was not taken in time"
            );
        }
        self.outputs.finish_within(LAST_WORDS).await;
        self.output.finish().await;
        if let Some(address) = &self.address {
            remove_stale(address).await;
        }
        LaunchError::new(self.program, failure, exit, self.tail.lines()).diagnosed(diagnosis)
    }

    /// Ends what was started, of which nobody wants to know any more.
    pub(super) async fn end(mut self) {
        self.tasks.finish().await;
        self.kill().await;
        self.pipes.give_up().await;
        self.outputs.finish().await;
        if let Some(address) = &self.address {
            remove_stale(address).await;
        }
    }

    /// Kills the process, and waits until it is gone.
    async fn kill(&mut self) {
        match self.process.kill() {
            Ok(()) => {
                let gone = timeout(self.kill_timeout, self.process.wait());
                let _ = gone.await;
            }
            Err(error) => {
                tracing::warn!(plugin = self.program, %error, "the plugin could not be killed");
            }
        }
    }

    /// For a plugin whose log comes together with what it prints to stderr.
    pub(super) fn expect_log_in_output(&mut self, host: &Host) {
        let outputs = [host.stdout.clone(), host.stderr.clone()];
        let (program, tail) = (self.program.clone(), self.tail.clone());
        self.output = stderr::with_log(program, host.logs.clone(), tail, outputs);
    }

    /// Lets go of a process that was running before, and tells why.
    pub(super) async fn leave(self, failure: LaunchFailure) -> LaunchError {
        self.tasks.finish().await;
        self.outputs.finish().await;
        LaunchError::new(self.program, failure, None, Vec::new())
    }

    pub(super) fn into_session(
        self,
        ready: Ready,
        sockets: SocketDir,
        timeouts: Timeouts,
        fate: Fate,
    ) -> Session {
        for guard in self.unless_connected {
            guard.disarm();
        }
        let Ready {
            connection,
            agreed,
            teller,
            ended,
        } = ready;
        let pid = self.process.pid();
        let token = (fate.bond != Bond::Owned).then(|| Reattach {
            protocol: agreed.protocol.clone(),
            version: agreed.version,
            pid,
            test: fate.bond == Bond::Visited,
            address: agreed.address.clone(),
            program: Some(self.program.clone()),
            birth: pid.and_then(Birth::told),
            multiplexed: agreed.multiplexed,
            socket_dir: sockets.of_plugin(),
            keys: agreed.keys,
        });
        let facts = Facts {
            program: self.program,
            generation: fate.generation,
            pid,
            version: agreed.version,
            protocol: agreed.protocol,
            address: agreed.address,
            secure: !matches!(agreed.security, Security::Plain),
            token,
        };
        let supervised = Supervised {
            address: self.address.unwrap_or_else(|| facts.address.clone()),
            process: self.process,
            connection: Arc::clone(&connection),
            pipes: self.pipes,
            outputs: self.outputs,
            tasks: self.tasks,
            tail: self.tail,
            output: self.output,
            sockets,
            timeouts,
            bond: fate.bond,
            oom_kills: self.oom_kills,
            ended: teller,
            spared: false,
        };
        Session::new(facts, connection, ended, supervised)
    }
}

/// Reads what a plugin writes to its stdout after its line.
pub(super) async fn drain<R: AsyncRead + Unpin>(mut stdout: Pipe<R>, output: Output) {
    while let Some(chunk) = stdout.next().await {
        output.deliver(StdioChannel::Stdout, chunk).await;
    }
}
