//! The host, the plugin and the session of pintle, independent of any transport.
//!
//! A **host** launches a program as its **plugin**; the two agree by a
//! **handshake** (a magic cookie, a protocol version, one line on stdout) and
//! are then a **session** over a **transport**: gRPC in `pintle-grpc`, or one of
//! your own. For users of pintle the facade crate `pintle` re-exports what they
//! need; this crate is for authors of transports and runners.
//!
//! Start at [`Host`] on the launching side and at [`serve_over`] on the launched one;
//! [`Transport`] is what joins them. [`in_process`] joins them without a child.
//!
//! # Features
//! | feature | adds |
//! |---|---|
//! | `mtls` | AutoMTLS and certificates of the user's own, from `pintle-mtls` |
//!
//! Without `mtls` a host must say [`Host::plaintext`]: there is no silent downgrade.
//!
//! # Limits
//! A runtime is needed wherever something is launched or served: tokio, with
//! its I/O and time enabled.

mod broker;
mod discover;
mod ended;
mod error;
mod excerpt;
#[cfg(any(test, pintle_fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod guarded;
mod handshake;
mod host;
mod in_process;
mod log;
#[cfg(test)]
mod long;
mod long_buffer;
mod net;
mod oom;
mod output;
mod panicked;
mod pieces;
mod plugin;
mod plugins;
mod reattach;
mod runner;
mod security;
mod serve;
mod session;
mod shutdown;
#[cfg_attr(
    not(unix),
    allow(dead_code, reason = "outputs are captured on Unix alone")
)]
mod stdio;
mod tasks;
mod transport;
mod trust;

pub use broker::{Broker, StreamOffer};
pub use discover::{DISCOVER_LIMIT, DiscoverError, Discovered, discover};
pub use ended::{EndReason, Ended, SessionClosed};
pub use error::{BoxError, LaunchError, LaunchFailure};
pub use handshake::env::EnvError;
pub use handshake::{
    BadProtocol, BadVersion, CORE_VERSION, Handshake, HandshakeLine, LineError, Protocol,
    ProtocolVersion, VersionMismatch,
};
pub use host::{
    DEFAULT_CLOSE_TIMEOUT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_KILL_TIMEOUT, DEFAULT_START_TIMEOUT,
    DEFAULT_TERMINATE_TIMEOUT, Host, INHERITED_ENVIRONMENT, Launch, PluginCommand,
    STDERR_TAIL_LINES,
};
pub use in_process::in_process;
pub use log::{HclogLayer, LogEntry, LogStderr};
pub use long_buffer::LongBuffer;
pub use net::{
    Address, AddressError, Explained, Incoming, Listener, LostError, LostReason, Net, NetError,
    PathTooLong, SameView, Stream, Translate,
};
pub use output::{EachChunk, Output, OutputQueue, OutputTo, StdioChannel};
pub use panicked::Panicked;
pub use pieces::{Mark, Pieces};
pub use plugin::{Bindings, Dispense, IntoPlugin, NotOver, Plugin, PluginOver, PluginSet};
pub use plugins::{DEFAULT_CLOSE_ALL_TIMEOUT, Interrupted, NameTaken, NotLaunched, Plugins};
pub use reattach::Reattach;
pub use runner::{BoxFuture, Exit, Process, Runner, StartError, StartPlan, Started};
pub use serve::{
    DEFAULT_ORPHAN_TIMEOUT, DEFAULT_SHUTDOWN_GRACE, Serve, ServeError, TestMode, serve_over,
};
pub use session::{DetachError, DispenseError, PingError, Session};
pub use shutdown::Shutdown;
pub use stdio::{StdioSource, StdioStream};
pub use tasks::Tasks;
pub use transport::{
    Connection, HostLink, Multiplexing, NoSuchTransport, PluginLink, Transport, Transports,
};
pub use trust::{BadKey, ChecksumError, PublicKey, Sha256, Signature, SignatureError, TrustError};

#[cfg(feature = "mtls")]
pub use pintle_mtls as mtls;
