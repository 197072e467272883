//! Out-of-process plugins for Rust, wire-compatible with HashiCorp go-plugin.

pub use pintle_core::{
    Address, AddressError, BadProtocol, BadVersion, Bindings, BoxError, BoxFuture, CORE_VERSION,
    DEFAULT_CLOSE_TIMEOUT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_START_TIMEOUT, DispenseError,
    EachChunk, EndReason, Ended, EnvError, Exit, Handshake, HandshakeLine, HclogLayer, Host,
    INHERITED_ENVIRONMENT, Launch, LaunchError, LaunchFailure, LineError, LogEntry, LogStderr,
    NetError, NotOver, OutputTo, PathTooLong, PingError, Plugin, PluginCommand, PluginOver,
    PluginSet, Process, Protocol, ProtocolVersion, Runner, STDERR_TAIL_LINES, SameView, Serve,
    ServeError, Session, SessionClosed, StartError, StartPlan, Started, StdioChannel, Translate,
    Transport, Transports, VersionMismatch, serve,
};

/// For authors of transports: what joins a transport to a session.
pub mod transport {
    pub use pintle_core::{
        Connection, HostLink, Incoming, Listener, Net, Output, PluginLink, Shutdown, StdioSource,
        StdioStream, Stream, Tasks, Transport, Transports,
    };
}

#[cfg(feature = "grpc")]
pub use pintle_grpc::Grpc;

/// The gRPC transport: what a plugin's services and clients are made with.
#[cfg(feature = "grpc")]
pub mod grpc {
    pub use pintle_grpc::*;
}

/// Mutual TLS: for users who bring certificates of their own, or choose a curve.
#[cfg(feature = "mtls")]
pub mod mtls {
    pub use pintle_core::mtls::*;
}
