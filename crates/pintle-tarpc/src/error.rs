//! What can go wrong between host and plugin.

use pintle_core::{BoxError, NetError, SessionClosed};
use tarpc::ChannelError;
use tarpc::client::RpcError;

use crate::frame::FrameError;

/// Why tarpc could not be spoken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TarpcError {
    /// The plugin's socket could not be reached.
    #[error("the plugin's socket could not be reached")]
    Net(#[from] NetError),
    /// The plugin has nothing of that name.
    #[error("{}", not_offered(.plugin, .offered))]
    NotOffered {
        /// The name asked for.
        plugin: String,
        /// The names there are, at most 64 of them.
        offered: Vec<String>,
    },
    /// One plugin put two services into its server: a client could not tell them apart.
    #[error(
        "plugin `{0}` adds two services: make the second a plugin of its own, or serve it by a broker id"
    )]
    TwoServices(&'static str),
    /// The other side refused the session.
    #[error("the other side refused the session: {reason}")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// The other side does not speak this transport, or speaks it in another way.
    #[error("the other side does not answer as a pintle peer does")]
    Hello(#[source] BoxError),
    /// The connection ended while the session began.
    #[error("the connection ended while the session began")]
    Ended(#[source] BoxError),
    /// A stream of the dispensed plugin could not be had.
    #[error("no stream to the plugin could be had")]
    Stream(#[source] crate::broker::BrokerError),
    /// A call to the plugin itself (dispense, ping, shutdown) failed.
    #[error("the plugin could not be asked")]
    Call(#[from] RpcError),
}

impl From<FrameError> for TarpcError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(error) => Self::Ended(error.into()),
            error => Self::Hello(error.into()),
        }
    }
}

fn not_offered(plugin: &str, offered: &[String]) -> String {
    match offered {
        [] => format!("the plugin does not offer `{plugin}`; it offers nothing over tarpc"),
        names => format!(
            "the plugin does not offer `{plugin}`; it offers {}",
            names.join(", ")
        ),
    }
}

/// Why a call lost its stream, in the chain of its [`RpcError::Channel`].
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallLost {
    /// The session has ended, and this is why.
    #[error("the session has ended")]
    SessionClosed(#[source] SessionClosed),
    /// The connection is lost, and nobody knows why: the other side is the host, which does not say.
    #[error("the connection is lost")]
    Connection,
    /// The other side ended the stream of these calls; the session goes on.
    #[error("the other side ended the stream")]
    Stream,
}

/// Why the session ended, if that is why the call failed.
///
/// ```
/// # use pintle_tarpc::{session_closed, tarpc::client::RpcError};
/// # fn show(error: RpcError) {
/// if let Some(closed) = session_closed(&error) {
///     eprintln!("{closed}"); // which program, its exit status and its last words
/// }
/// # }
/// ```
pub fn session_closed(error: &RpcError) -> Option<&SessionClosed> {
    use ChannelError::{Close, Flush, Read, Ready, Write};
    let RpcError::Channel(Read(cause) | Ready(cause) | Write(cause) | Flush(cause) | Close(cause)) =
        error
    else {
        return None;
    };
    match cause.downcast_ref::<CallLost>() {
        Some(CallLost::SessionClosed(closed)) => Some(closed),
        _ => None,
    }
}
