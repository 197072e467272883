//! A connected plugin.

mod supervise;

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;

pub(crate) use supervise::{Bond, Supervised, Timeouts};

use crate::ended::{End, EndReason, Ended, SessionClosed};
use crate::error::BoxError;
use crate::handshake::{Protocol, ProtocolVersion};
use crate::net::Address;
use crate::plugin::{self, Dispense, Plugin};
use crate::reattach::Reattach;
use crate::runner::Exit;
use crate::transport::AnyConnection;
use supervise::Order;

/// A connected plugin: its process, its connection, and everything in between.
///
/// A clone is another handle to the same session. It ends when it is
/// [closed](Self::close) or [killed](Self::kill), when the plugin ends or its
/// connection is lost, and when the last handle is dropped: that **kills** the
/// plugin, and what it started, without waiting or blocking, unless it was launched
/// [detached](crate::PluginCommand::detached). The clients it dispensed do not keep it alive;
/// their calls then fail with the [`SessionClosed`] reason.
///
/// Whichever way it ends, what the plugin started and left in its process group is killed, too.
/// When the host itself is gone, however it died, so is the plugin: at once, or, written with
/// pintle, within 2 seconds.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    facts: Facts,
    connection: Arc<dyn AnyConnection>,
    ended: Ended,
    orders: mpsc::UnboundedSender<Order>,
}

/// What does not change in a session.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) program: String,
    pub(crate) generation: u64,
    pub(crate) pid: Option<u32>,
    pub(crate) version: ProtocolVersion,
    pub(crate) protocol: Protocol,
    pub(crate) address: Address,
    pub(crate) secure: bool,
    /// What another host needs to take the plugin over, if it may live on.
    pub(crate) token: Option<Reattach>,
}

impl Session {
    pub(crate) fn new(
        facts: Facts,
        connection: Arc<dyn AnyConnection>,
        ended: Ended,
        supervised: Supervised,
    ) -> Self {
        let (orders, receiver) = mpsc::unbounded_channel();
        // The one task that nobody owns: it owns all others, and ends with the process.
        let supervising = supervised.run(facts.program.clone(), facts.generation, receiver);
        tokio::spawn(supervising);
        Self {
            shared: Arc::new(Shared {
                facts,
                connection,
                ended,
                orders,
            }),
        }
    }

    /// A client of the plugin `D`, ready to be called. Cheap; ask as often as you like.
    ///
    /// `D` is a [`Plugin`], or the `dyn Trait` of an interface. Whether the plugin really serves it
    /// may show only at the first call: gRPC has no way to ask. Cancel-safe.
    ///
    /// # Errors
    /// [`DispenseError`], when the session has ended, when `D` does not work
    /// over the session's transport, or when the transport refuses.
    pub async fn dispense<D: Dispense + ?Sized>(
        &self,
    ) -> Result<<D::Plugin as Plugin>::Client, DispenseError> {
        if let Some(ended) = self.shared.ended.now() {
            return Err(DispenseError::Closed(ended));
        }
        let connection = &self.shared.connection;
        let make = plugin::client_over::<D::Plugin>(connection.transport()).ok_or_else(|| {
            DispenseError::NotOver {
                plugin: D::Plugin::NAME,
                protocol: self.shared.facts.protocol.clone(),
            }
        })?;
        let client = connection
            .dispense(D::Plugin::NAME)
            .await
            .map_err(|source| DispenseError::Refused {
                plugin: D::Plugin::NAME,
                source,
            })?;
        Ok(make(client))
    }

    /// Asks the plugin whether it still answers. Set your own deadline around it. Cancel-safe.
    ///
    /// # Errors
    /// [`PingError`], when the session has ended or the plugin answers that it is not serving.
    pub async fn ping(&self) -> Result<(), PingError> {
        tokio::select! {
            answer = self.shared.connection.ping() => match (answer, self.shared.ended.now()) {
                (Ok(()), _) => Ok(()),
                (Err(_), Some(ended)) => Err(PingError::Closed(ended)),
                (Err(source), None) => Err(PingError::Failed(source)),
            },
            Some(ended) = self.shared.ended.wait() => Err(PingError::Closed(ended)),
        }
    }

    /// The version of the application's protocol that both sides agreed on.
    pub fn version(&self) -> ProtocolVersion {
        self.shared.facts.version
    }

    /// The transport, by its word on the handshake line.
    pub fn protocol(&self) -> &Protocol {
        &self.shared.facts.protocol
    }

    /// The address the plugin announced.
    pub fn address(&self) -> &Address {
        &self.shared.facts.address
    }

    /// Whether every connection of this session is encrypted and both ends identified.
    pub fn is_secure(&self) -> bool {
        self.shared.facts.secure
    }

    /// The program that was launched.
    pub fn program(&self) -> &str {
        &self.shared.facts.program
    }

    /// Which launch of its [`PluginCommand`](crate::PluginCommand) or [`Launch`](crate::Launch)
    /// this is: 1 is the first. Launches that failed count.
    pub fn generation(&self) -> u64 {
        self.shared.facts.generation
    }

    /// The local process id, if the runner started a local process.
    ///
    /// After the session has ended the number may name another process.
    pub fn pid(&self) -> Option<u32> {
        self.shared.facts.pid
    }

    /// Waits until the session has ended, and tells why: within a second of the end of the plugin's
    /// process, or of its start to end where it hangs up and lives on, half a second later.
    /// Cancel-safe.
    pub async fn closed(&self) -> SessionClosed {
        match self.shared.ended.wait().await {
            Some(closed) => closed,
            // The runtime was shut down under us and the process killed with it.
            None => self.lost_with_runtime(),
        }
    }

    /// Asks the plugin to end, and waits until its process and everything of
    /// this session is gone: a plugin that has not ended after the host's
    /// [close timeout](crate::Host::close_timeout) is sent SIGTERM, and is killed after the
    /// [terminate timeout](crate::Host::terminate_timeout).
    ///
    /// Whoever takes what the plugin printed last is waited for, too, however long that takes.
    /// Dropping the future does not take the request back.
    ///
    /// # Errors
    /// [`SessionClosed`], when the session ended for another reason than this
    /// request, or the plugin did not end before SIGTERM. A plugin that ends by itself at the same
    /// moment may be told as either: what the session learns of first is the reason.
    pub async fn close(&self) -> Result<Exit, SessionClosed> {
        let _ = self.shared.orders.send(Order::Close);
        let closed = self.closed().await;
        self.shared.ended.gone().await;
        match closed.reason() {
            EndReason::Closed => Ok(closed.exit().unwrap_or(Exit::Unknown)),
            _ => Err(closed),
        }
    }

    /// Ends the plugin by force, and waits until its process and everything of this session is gone.
    ///
    /// Whoever takes what the plugin printed last is waited for, too, however long that takes.
    /// Dropping the future does not take the request back.
    pub async fn kill(&self) -> SessionClosed {
        let _ = self.shared.orders.send(Order::Kill);
        let closed = self.closed().await;
        self.shared.ended.gone().await;
        closed
    }

    /// What another host needs to take this plugin over: to be saved, for the case that this one
    /// does not come to [`detach`](Self::detach).
    ///
    /// With AutoMTLS it is a secret. A plugin serves one host at a time over some transports: who
    /// reattaches while this session lives may have to wait for its end.
    ///
    /// # Errors
    /// [`DetachError::NotDetached`], unless the plugin was launched
    /// [detached](crate::PluginCommand::detached) or [reattached](crate::Host::reattach) to: it
    /// would not outlive its host.
    pub fn token(&self) -> Result<Reattach, DetachError> {
        let facts = &self.shared.facts;
        facts.token.clone().ok_or_else(|| DetachError::NotDetached {
            program: facts.program.clone(),
        })
    }

    /// Ends the session and leaves its plugin running, for whoever has the token.
    ///
    /// Every other handle of the session then has ended, too: its reason is
    /// [`EndReason::Left`]. Calls that were open fail. Dropping the future does not take the
    /// request back.
    ///
    /// # Errors
    /// [`DetachError`], as [`token`](Self::token), and when the session ended for another reason.
    pub async fn detach(&self) -> Result<Reattach, DetachError> {
        let token = self.token()?;
        let _ = self.shared.orders.send(Order::Detach);
        let closed = self.closed().await;
        match closed.reason() {
            EndReason::Left => Ok(token),
            _ => Err(DetachError::Closed(closed)),
        }
    }

    /// Why the session has ended, if it has.
    pub(crate) fn ended(&self) -> Option<SessionClosed> {
        self.shared.ended.now()
    }

    fn lost_with_runtime(&self) -> SessionClosed {
        SessionClosed::new(End {
            program: self.program().to_owned(),
            generation: self.generation(),
            reason: EndReason::Dropped,
            exit: None,
            spared: false,
            stderr: Vec::new(),
            panicked: None,
            out_of_memory: false,
            diagnosis: None,
        })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("facts", &self.shared.facts)
            .field("ended", &self.shared.ended.now())
            .finish_non_exhaustive()
    }
}

/// Why no client could be dispensed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispenseError {
    /// The session has ended.
    #[error("the session has ended")]
    Closed(#[source] SessionClosed),
    /// The plugin type has no client over the session's transport.
    #[error(
        "plugin `{plugin}` does not work over `{protocol}`: implement PluginOver for it and list it in Plugin::transports"
    )]
    NotOver {
        /// The plugin's name.
        plugin: &'static str,
        /// The session's transport.
        protocol: Protocol,
    },
    /// The transport refused.
    #[error("plugin `{plugin}` could not be dispensed")]
    Refused {
        /// The plugin's name.
        plugin: &'static str,
        /// What the transport said.
        source: BoxError,
    },
}

/// Why a plugin cannot be left to another host.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetachError {
    /// It was not launched to outlive its host.
    #[error(
        "plugin `{program}` ends with its host: it was not launched with PluginCommand::detached"
    )]
    NotDetached {
        /// The program that was launched.
        program: String,
    },
    /// The session has ended for another reason.
    #[error("the session has ended")]
    Closed(#[source] SessionClosed),
}

/// Why a plugin did not answer a ping.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PingError {
    /// The session has ended.
    #[error("the session has ended")]
    Closed(#[source] SessionClosed),
    /// The plugin answered that it is not serving, or not at all.
    #[error("the plugin does not answer as it should")]
    Failed(#[source] BoxError),
}
