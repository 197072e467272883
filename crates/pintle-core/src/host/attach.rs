//! Taking over a plugin that another host left running.

use super::Host;
use super::agree::agree;
use super::launch::Fate;
use super::sockets::SocketDir;
use super::starting::{Agreed, Starting};
use crate::error::{LaunchError, LaunchFailure};
use crate::handshake::ProtocolVersion;
use crate::reattach::Reattach;
use crate::runner::{Attached, NotThere, Started};
use crate::security::{Security, SecurityError};
use crate::session::{Bond, Session};
use crate::transport::{Multiplexing, Transports};

impl Host {
    /// Takes over a plugin that another host, or an earlier life of this one, left running, by the
    /// token that its session gave; or visits one in [test mode](crate::TestMode).
    ///
    /// Everything works as in the session that launched it: calls, the broker, the plugin's
    /// outputs and its log, TLS if there was. How the process ends is not told, for it is no child
    /// of this host. Dropping the last [`Session`] leaves the plugin running again, and
    /// [`close`](Session::close) and [`kill`](Session::kill) end it; except in test mode, where they
    /// end the session only.
    ///
    /// The process must be the one that was meant, by its number and its beginning, and without TLS it
    /// must be the one that listens; a process whose
    /// beginning is not in the token, one from a Go program for example, is watched and asked to
    /// end, but never signalled.
    ///
    /// Where the token has keys they are used, whatever this host says of TLS. Where it has none the
    /// host must say [`plaintext`](Self::plaintext), or bring [certificates](Self::tls).
    ///
    /// Dropping the future leaves the plugin running.
    ///
    /// # Errors
    /// [`LaunchError`] names the plugin and the cause: [`LaunchFailure::Gone`] and
    /// [`LaunchFailure::Replaced`] when the token is stale.
    ///
    /// ```no_run
    /// # async fn reattach(host: pintle_core::Host, grpc: impl pintle_core::Transport)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// use pintle_core::Reattach;
    ///
    /// let session = host.reattach(&Reattach::load("greeter.token")?, grpc).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn reattach(
        &self,
        token: &Reattach,
        transports: impl Into<Transports>,
    ) -> Result<Session, LaunchError> {
        attach(self, token, &transports.into()).await
    }
}

async fn attach(
    host: &Host,
    token: &Reattach,
    transports: &Transports,
) -> Result<Session, LaunchError> {
    let program = token.name();
    let early =
        |failure| LaunchError::new(program.clone(), failure, None, Vec::new()).reattaching();

    let process = match Attached::to(token.pid, token.birth.as_ref(), !token.test) {
        Ok(process) => process,
        Err(not_there) => {
            let failure = LaunchFailure::from(not_there);
            if has_ended(&failure) {
                // Nobody else will come to remove what it left.
                let left = SocketDir::none().of_earlier(token.socket_dir.clone());
                left.remove().await;
            }
            return Err(early(failure));
        }
    };
    let version = version(host, token);
    let transport = agree(host, transports, version, &token.protocol).map_err(early)?;
    if transport.multiplexing() == Multiplexing::Required && !token.multiplexed {
        return Err(early(LaunchFailure::Multiplexing));
    }
    let security = host
        .security
        .resume(token.keys.as_ref())
        .map_err(|error| match error {
            SecurityError::Missing => early(LaunchFailure::KeysMissing),
            error => early(error.into()),
        })?;
    let sockets = host.socket_dir_for_session().map_err(early)?;
    let sockets = sockets.of_earlier(token.socket_dir.clone());
    let agreed = Agreed {
        version,
        protocol: token.protocol.clone(),
        address: token.address.clone(),
        multiplexed: token.multiplexed,
        // A certificate tells a process from every other; without one its number has to.
        process: token.pid.filter(|_| matches!(security, Security::Plain)),
        security,
        keys: token.keys.clone(),
    };
    let fate = Fate {
        generation: 1,
        bond: match token.test {
            true => Bond::Visited,
            false => Bond::Detached,
        },
    };
    // What it writes to its real outputs went to the host that started it.
    let started = Started::new(process, tokio::io::empty(), tokio::io::empty());
    let mut plugin = Starting::new(host, program, started);
    let process = plugin.process.id();
    tracing::debug!(plugin = plugin.program, process, "plugin found");
    plugin.expect_log_in_output(host);
    match plugin.join(host, &**transport, agreed, &sockets).await {
        Ok(ready) => Ok(plugin.into_session(ready, sockets, host.ending, fate)),
        Err(failure) => {
            let failure = match failure {
                LaunchFailure::ExitedUnconnected { .. } => LaunchFailure::Gone,
                failure => failure,
            };
            let ended = has_ended(&failure);
            let error = plugin.leave(failure).await.reattaching();
            match ended {
                true => sockets.remove().await,
                false => sockets.keep(),
            }
            Err(error)
        }
    }
}

/// Whether this says that the process is no more.
fn has_ended(failure: &LaunchFailure) -> bool {
    matches!(failure, LaunchFailure::Gone | LaunchFailure::Replaced)
}

/// The version that the plugin speaks. Tokens of Go hosts say 0 for "as was agreed on"; whoever
/// accepts one version alone can have agreed on that only.
fn version(host: &Host, token: &Reattach) -> ProtocolVersion {
    let untold = token.version == ProtocolVersion::new(0);
    match host.versions.first() {
        Some(only) if untold && host.versions.len() == 1 => *only,
        _ => token.version,
    }
}

impl From<NotThere> for LaunchFailure {
    fn from(not_there: NotThere) -> Self {
        match not_there {
            NotThere::Gone => Self::Gone,
            NotThere::Another => Self::Replaced,
            NotThere::Unwatched(error) => Self::Unwatched(error),
        }
    }
}
