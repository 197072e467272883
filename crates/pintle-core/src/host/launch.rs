//! A launch, step by step.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;
use tokio_util::sync::DropGuard;

use super::first_line::{FirstLine, NoLine, PREAMBLE_LIMIT_BYTES};
use super::sockets::SocketDir;
use super::stderr::{self, StderrTail};
use super::{Host, NetworkChoice};
use crate::ended::{Ended, SessionClosed};
use crate::error::{LaunchError, LaunchFailure};
use crate::handshake::env::HostEnv;
use crate::handshake::{HandshakeLine, VersionMismatch};
use crate::net::{Address, Net, Network, Translate, remove_stale};
use crate::oom::OomKills;
use crate::output::{Output, StdioChannel};
use crate::runner::{Process, Runner, StartPlan, Started};
use crate::security::{Offer, Security, SecurityError};
use crate::session::{Facts, Session, Supervised, Timeouts};
use crate::tasks::Tasks;
use crate::transport::{AnyConnection, AnyTransport, HostLink, Multiplexing, Transports};

/// How long a process may outlive its stdout or its connection and still count as ending.
///
/// One that is ending closes them a moment before it can be waited for.
const EXIT_GRACE: Duration = Duration::from_millis(500);

/// How long a plugin that failed to start may take to say its last words.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What a launch has of its own, beside the options of its host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    /// Which launch of its command it is, from 1 on.
    pub(super) generation: u64,
    /// Whether the plugin lives on when its session is dropped.
    pub(super) detached: bool,
}

pub(super) async fn launch(
    host: &Host,
    runner: &dyn Runner,
    transports: Transports,
    fate: Fate,
) -> Result<Session, LaunchError> {
    let program = runner.program();
    let early = |failure| LaunchError::new(program.clone(), failure, None, Vec::new());

    let sockets = host.socket_dir_for_session().map_err(early)?;
    let offer = host
        .security
        .offer()
        .await
        .map_err(|error| early(error.into()))?;
    let plan = StartPlan::new(
        host.child_environment(&offer, &sockets, &transports),
        sockets.path(),
    );
    let started = runner
        .start(plan)
        .await
        .map_err(|error| early(LaunchFailure::Start(error)))?;

    let mut child = Starting::new(host, program.clone(), started);
    match child.shake_hands(host, &transports, offer, &sockets).await {
        Ok(ready) => Ok(child.into_session(ready, sockets, host.ending, fate)),
        Err(failure) => Err(child.give_up(failure).await),
    }
}

impl Host {
    fn child_environment(
        &self,
        offer: &Offer,
        sockets: &SocketDir,
        transports: &Transports,
    ) -> Vec<(OsString, OsString)> {
        let variables = HostEnv {
            handshake: self.handshake,
            versions: self.versions.iter().copied().collect(),
            ports: self.plugin_ports.clone(),
            client_cert: offer.certificate(),
            multiplex: transports.ask_for_multiplexing(),
            socket_dir: sockets.as_path().map(Path::to_owned),
            socket_group: self.socket_group.clone(),
            transports: transports.protocols(),
        };
        self.environment.build(
            std::env::vars_os(),
            self.handshake.cookie_key(),
            variables.into_variables(),
        )
    }

    fn network(&self, sockets: &SocketDir) -> Network {
        match &self.network {
            NetworkChoice::Tcp { ports } => Network::Tcp {
                ports: ports.clone(),
            },
            NetworkChoice::Unix { .. } => Network::Unix {
                dir: sockets.path(),
                group: self.socket_group.clone(),
            },
        }
    }
}

/// A process that is running and has yet to become a session.
struct Starting {
    program: String,
    process: Box<dyn Process>,
    stdout: Box<dyn AsyncRead + Send + Unpin>,
    translation: Arc<dyn Translate>,
    /// Where it listens, as this side reaches it, once it has said so.
    address: Option<Address>,
    output: Output,
    tail: StderrTail,
    oom_kills: OomKills,
    /// The readers of what the plugin writes; they outlive its process, to hear its last words.
    outputs: Tasks,
    /// The tasks of the connection.
    tasks: Tasks,
    /// Ends both when the launch is given up by dropping it.
    unless_connected: [DropGuard; 2],
}

/// A connected plugin.
struct Ready {
    connection: Arc<dyn AnyConnection>,
    line: HandshakeLine,
    secure: bool,
    sender: watch::Sender<Option<SessionClosed>>,
    ended: Ended,
}

impl Starting {
    fn new(host: &Host, program: String, started: Started) -> Self {
        let Started {
            process,
            stdout,
            stderr,
            translation,
        } = started;
        let tail = StderrTail::default();
        let (outputs, tasks) = (Tasks::new(), Tasks::new());
        outputs.spawn(stderr::follow(
            stderr,
            program.clone(),
            host.logs.clone(),
            tail.clone(),
        ));
        let output = Output::new(program.clone(), host.stdout.clone(), host.stderr.clone());
        tracing::debug!(plugin = program, process = process.id(), "plugin started");
        let oom_kills = OomKills::now(process.pid());
        Self {
            program,
            process,
            stdout,
            translation,
            address: None,
            output,
            tail,
            oom_kills,
            unless_connected: [&outputs, &tasks].map(|all| all.stopping().clone().drop_guard()),
            outputs,
            tasks,
        }
    }

    async fn shake_hands(
        &mut self,
        host: &Host,
        transports: &Transports,
        offer: Offer,
        sockets: &SocketDir,
    ) -> Result<Ready, LaunchFailure> {
        let line = self.first_line(host.start_timeout).await?;
        tracing::debug!(plugin = self.program, address = %line.address, "plugin answered");
        self.address = Some(self.translation.inward(line.address.clone()));
        let transport = agree(host, transports, &line)?;
        let security = offer
            .settle(line.certificate.as_deref())?
            .with_alpn(transport.alpn());
        let secure = !matches!(security, Security::Plain);
        let net = Net::new(
            host.network(sockets),
            security,
            host.connect_timeout,
            Arc::clone(&self.translation),
        );
        let (sender, ended) = Ended::channel();
        let link = HostLink {
            address: line.address.clone(),
            net,
            tasks: self.tasks.clone(),
            outputs: self.outputs.clone(),
            output: self.output.clone(),
            ended: ended.clone(),
            multiplexed: transport.multiplexing() == Multiplexing::Required,
        };
        let connection = self
            .connect(&**transport, link, host.connect_timeout)
            .await?;
        Ok(Ready {
            connection,
            line,
            secure,
            sender,
            ended,
        })
    }

    /// Waits for the handshake line, the end of the process, or the time.
    async fn first_line(&mut self, timeout: Duration) -> Result<HandshakeLine, LaunchFailure> {
        let mut search = FirstLine::new(&mut self.stdout, &self.output);
        let found = tokio::time::timeout(timeout, search.find()).await;
        match found {
            Ok(Ok(line)) => {
                let rest = search.into_rest();
                if !rest.is_empty() {
                    self.output.deliver(StdioChannel::Stdout, &rest);
                }
                Ok(line)
            }
            Ok(Err(NoLine::Unusable(error))) => Err(LaunchFailure::Line(error)),
            Ok(Err(NoLine::TooMuch)) => Err(LaunchFailure::Garbage {
                limit_bytes: PREAMBLE_LIMIT_BYTES,
                printed: search.printed().unwrap_or_default(),
            }),
            Ok(Err(NoLine::Closed)) => {
                let printed = search.printed();
                match tokio::time::timeout(EXIT_GRACE, self.process.wait()).await {
                    Ok(Ok(exit)) => Err(LaunchFailure::ExitedEarly { exit, printed }),
                    _ => Err(LaunchFailure::StdoutClosed { printed }),
                }
            }
            Err(_) => {
                let printed = search.printed();
                Err(LaunchFailure::NoHandshake { timeout, printed })
            }
        }
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
    async fn give_up(mut self, failure: LaunchFailure) -> LaunchError {
        self.tasks.finish().await;
        let exit = match tokio::time::timeout(Duration::ZERO, self.process.wait()).await {
            Ok(exit) => exit.ok(),
            Err(_) => {
                if let Err(error) = self.process.kill() {
                    tracing::warn!(plugin = self.program, %error, "the plugin could not be killed");
                }
                let _ = tokio::time::timeout(LAST_WORDS, self.process.wait()).await;
                None
            }
        };
        self.outputs.finish_within(LAST_WORDS).await;
        if let Some(address) = &self.address {
            remove_stale(address).await;
        }
        LaunchError::new(self.program, failure, exit, self.tail.lines())
    }

    fn into_session(
        self,
        ready: Ready,
        sockets: SocketDir,
        timeouts: Timeouts,
        fate: Fate,
    ) -> Session {
        for guard in self.unless_connected {
            guard.disarm();
        }
        self.outputs.spawn(drain(self.stdout, self.output.clone()));
        let Ready {
            connection,
            line,
            secure,
            sender,
            ended,
        } = ready;
        let facts = Facts {
            program: self.program,
            generation: fate.generation,
            pid: self.process.pid(),
            version: line.app_version,
            protocol: line.protocol,
            address: line.address,
            secure,
        };
        let supervised = Supervised {
            address: self.address.unwrap_or_else(|| facts.address.clone()),
            process: self.process,
            connection: Arc::clone(&connection),
            outputs: self.outputs,
            tasks: self.tasks,
            tail: self.tail,
            output: self.output,
            sockets,
            timeouts,
            detached: fate.detached,
            oom_kills: self.oom_kills,
            ended: sender,
        };
        Session::new(facts, connection, ended, supervised)
    }
}

/// Checks what the plugin chose against what the host accepts.
fn agree<'t>(
    host: &Host,
    transports: &'t Transports,
    line: &HandshakeLine,
) -> Result<&'t Arc<dyn AnyTransport>, LaunchFailure> {
    if !host.versions.contains(&line.app_version) {
        let offered = host.versions.iter().copied().collect();
        return Err(LaunchFailure::Version(VersionMismatch {
            offered,
            found: line.app_version,
        }));
    }
    let transport =
        transports
            .by_protocol(&line.protocol)
            .ok_or_else(|| LaunchFailure::Protocol {
                found: line.protocol.clone(),
                offered: transports.protocols(),
            })?;
    match transport.multiplexing() {
        Multiplexing::Required if line.multiplex != Some(true) => Err(LaunchFailure::Multiplexing),
        _ => Ok(transport),
    }
}

/// Reads what a plugin still writes to its real stdout, so that it never blocks on it.
async fn drain(mut stdout: impl AsyncRead + Unpin, output: Output) {
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = stdout.read(&mut chunk).await {
        output.deliver(StdioChannel::Stdout, &chunk[..read]);
        // A plugin that floods its output must not keep the host from its calls.
        tokio::task::yield_now().await;
    }
}

impl From<SecurityError> for LaunchFailure {
    fn from(error: SecurityError) -> Self {
        match error {
            SecurityError::Missing => Self::CertificateMissing,
            SecurityError::Unexpected => Self::CertificateUnexpected,
            SecurityError::Malformed(source) => Self::CertificateMalformed(source),
            SecurityError::Identity(source) | SecurityError::Provider(source) => {
                Self::Identity(source)
            }
            SecurityError::NotBuilt => Self::TlsNotBuilt,
        }
    }
}
