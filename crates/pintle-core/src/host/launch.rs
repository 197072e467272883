//! A launch, step by step.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::agree::agree;
use super::first_line::{FirstLine, NoLine, PREAMBLE_LIMIT_BYTES};
use super::sockets::SocketDir;
use super::starting::{Agreed, EXIT_GRACE, LAST_WORDS, Ready, Starting, drain};
use super::{Host, NetworkChoice};
use crate::error::{LaunchError, LaunchFailure};
use crate::handshake::HandshakeLine;
use crate::handshake::env::HostEnv;
use crate::net::Network;
use crate::output::StdioChannel;
use crate::runner::{BoxFuture, Runner, StartError, StartPlan, Started};
use crate::security::{Offer, SecurityError};
use crate::session::{Bond, Session};
use crate::transport::{Multiplexing, Transports};

/// What a launch has of its own, beside the options of its host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    /// Which launch of its command it is, from 1 on.
    pub(super) generation: u64,
    pub(super) bond: Bond,
}

pub(super) async fn launch(
    host: &Host,
    runner: &dyn Runner,
    transports: Transports,
    fate: Fate,
) -> Result<Session, LaunchError> {
    let never = CancellationToken::new();
    let launched = launch_unless(&never, host, runner, transports, fate).await?;
    Ok(launched.expect("nobody gives it up"))
}

/// Launches, unless that is given up before: `None` then, once what was started is gone, or the
/// host's kill timeout has passed.
pub(super) async fn launch_unless(
    given_up: &CancellationToken,
    host: &Host,
    runner: &dyn Runner,
    transports: Transports,
    fate: Fate,
) -> Result<Option<Session>, LaunchError> {
    let program = runner.program();
    let early = |failure| LaunchError::new(program.clone(), failure, None, Vec::new());

    let sockets = host.socket_dir_for_session().map_err(early)?;
    let Some(offer) = given_up.run_until_cancelled(host.security.offer()).await else {
        return Ok(None);
    };
    let offer = offer.map_err(|error| early(error.into()))?;
    let plan = StartPlan::new(
        host.child_environment(&offer, &sockets, &transports),
        sockets.path(),
    )
    .with_stay(sockets.stay());
    // From here on until the line.
    let (begin, timeout) = (Instant::now(), host.start_timeout);
    let starting = started_unless(given_up, runner.start(plan), host.ending.kill);
    let started = tokio::time::timeout(timeout, starting)
        .await
        .map_err(|_| early(LaunchFailure::StartTimeout { timeout }))?;
    let Some(started) = started else {
        return Ok(None);
    };
    let started = started.map_err(|error| early(LaunchFailure::Start(error)))?;

    let mut child = Starting::new(host, program.clone(), started);
    tracing::debug!(
        plugin = program,
        process = child.process.id(),
        "plugin started"
    );
    let shaking = child.shake_hands(host, &transports, offer, &sockets, begin);
    match given_up.run_until_cancelled(shaking).await {
        Some(Ok(ready)) => Ok(Some(child.into_session(ready, sockets, host.ending, fate))),
        Some(Err(failure)) => Err(child.give_up(failure).await),
        None => {
            child.end().await;
            Ok(None)
        }
    }
}

/// What was started. A start that is given up has `patience` to come to its end all the same: what
/// it gives can then be waited for, which dropping it cannot.
async fn started_unless(
    given_up: &CancellationToken,
    mut starting: BoxFuture<'_, Result<Started, StartError>>,
    patience: Duration,
) -> Option<Result<Started, StartError>> {
    if let Some(started) = given_up.run_until_cancelled(&mut starting).await {
        return Some(started);
    }
    tokio::time::timeout(patience, starting).await.ok()
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

    pub(super) fn network(&self, sockets: &SocketDir) -> Network {
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

impl Starting {
    async fn shake_hands(
        &mut self,
        host: &Host,
        transports: &Transports,
        offer: Offer,
        sockets: &SocketDir,
        begin: Instant,
    ) -> Result<Ready, LaunchFailure> {
        let line = self.first_line(host.start_timeout, begin).await?;
        tracing::debug!(plugin = self.program, address = %line.address, "plugin answered");
        // From here on, lest a plugin that prints before it accepts wait for us, and we for it.
        let stdout = std::mem::replace(&mut self.stdout, Box::new(tokio::io::empty()));
        self.pipes
            .read(drain(self.pipes.pipe(stdout), self.output.clone()));
        self.address = Some(self.translation.inward(line.address.clone()));
        let transport = agree(host, transports, line.app_version, &line.protocol)?;
        let multiplexed = match transport.multiplexing() {
            Multiplexing::Required if line.multiplex != Some(true) => {
                return Err(LaunchFailure::Multiplexing);
            }
            multiplexing => multiplexing == Multiplexing::Required,
        };
        let (security, keys) = offer.settle(line.certificate.as_deref())?;
        let agreed = Agreed {
            version: line.app_version,
            protocol: line.protocol,
            address: line.address,
            multiplexed,
            security,
            keys,
            process: None,
        };
        self.join(host, &**transport, agreed, sockets).await
    }

    /// Waits for the handshake line, the end of the process, or `timeout` from `begin` on.
    async fn first_line(
        &mut self,
        timeout: Duration,
        begin: Instant,
    ) -> Result<HandshakeLine, LaunchFailure> {
        let mut search = FirstLine::new(&mut self.stdout, &self.output);
        let process = &mut self.process;
        let finding = async {
            tokio::select! {
                found = search.find() => return found,
                Ok(_) = process.wait() => {}
            }
            // What it said is in the pipe, which another may hold open.
            let rest = tokio::time::timeout(LAST_WORDS, search.find());
            rest.await.unwrap_or(Err(NoLine::Closed))
        };
        let left = timeout.saturating_sub(begin.elapsed());
        match tokio::time::timeout(left, finding).await {
            Ok(Ok(line)) => {
                let rest = search.into_rest();
                if !rest.is_empty() {
                    self.output.push(StdioChannel::Stdout, &rest);
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
