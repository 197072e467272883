//! # pintle
//!
//! Out-of-process plugins for Rust, wire-compatible with HashiCorp go-plugin.
//!
//! A host launches each plugin as a process of its own and calls it like a library. A plugin that
//! crashes takes nobody with it: the call that was under way fails with the exit status and the
//! plugin's last words, and the host goes on. Terraform, Vault, Nomad and Grafana run their plugins
//! this way; with pintle your program does, and it can use theirs.
//!
//! ## The greeter
//!
//! The interface is a trait, in a crate that host and plugin share.
//!
//! ```rust
//! // examples/greeter/src/lib.rs
//! use pintle::{CallError, Handshake};
//!
//! /// What host and plugin agree on before they talk.
//! pub const HANDSHAKE: Handshake = Handshake::new("GREETER_PLUGIN", "hello");
//!
//! /// A plugin that greets.
//! #[pintle::interface]
//! pub trait Greeter {
//!     /// A greeting for `name`.
//!     async fn greet(&self, name: String) -> Result<String, CallError>;
//! }
//! ```
//!
//! The plugin implements it.
//!
//! ```rust,no_run
//! // examples/greeter/src/plugin.rs
//! use greeter::{Greeter, HANDSHAKE};
//! use pintle::{CallError, ServeError};
//!
//! struct English;
//!
//! #[pintle::plugin]
//! impl Greeter for English {
//!     async fn greet(&self, name: String) -> Result<String, CallError> {
//!         Ok(format!("Hello, {name}!"))
//!     }
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! pub(crate) async fn main() -> Result<(), ServeError> {
//!     pintle::serve(HANDSHAKE).plugin(English).run().await
//! }
//! ```
//!
//! The host launches the plugin and gets something that implements the trait. One program plays both
//! parts here, so that one command builds everything; otherwise `command` is given the path of the
//! plugin.
//!
//! ```rust,no_run
//! // examples/greeter/src/host.rs
//! use greeter::{Greeter, HANDSHAKE};
//! use pintle::{BoxError, Host, Transports};
//!
//! #[tokio::main]
//! pub(crate) async fn run(transports: Transports) -> Result<(), BoxError> {
//!     let program = std::env::current_exe()?;
//!     let session = Host::new(HANDSHAKE)
//!         .command(program)
//!         .arg("plugin")
//!         .launch(transports)
//!         .await?;
//!     println!(
//!         "launched  process {}, {}",
//!         session.pid().unwrap_or(0),
//!         session.address()
//!     );
//!     println!(
//!         "agreed    protocol version {}, {}, {}",
//!         session.version(),
//!         session.protocol(),
//!         if session.is_secure() {
//!             "mutual TLS"
//!         } else {
//!             "plaintext"
//!         },
//!     );
//!
//!     let greeter = session.dispense::<dyn Greeter>().await?;
//!     println!("answered  {}", greeter.greet("world".into()).await?);
//!
//!     let exit = session.close().await?;
//!     println!("ended     {exit}");
//!     Ok(())
//! }
//! ```
//!
//! There is no `.proto` file to write, no adapter and no id. Over gRPC the trait is an ordinary protobuf
//! service all the same, which hosts and plugins in Go can speak; over tarpc the same messages go
//! between two Rust programs, faster.
//!
//! With nothing but Rust on the machine, this runs it, and then every test:
//!
//! ```sh
//! cargo run -p greeter
//! cargo test --workspace
//! ```
//!
//! ```text
//! launched  process 32477, /tmp/pintle-9d60Yy/pintlez0lAcmeu
//! agreed    protocol version 1, tarpc, mutual TLS
//! answered  Hello, world!
//! ended     exit code 0
//! ```
//!
//! <!-- crate docs end here -->
//!
//! # Where to start
//!
//! [From trait to plugin](guide) is one page from an empty directory to a plugin that calls its host
//! back. [`interface`](macro@interface) makes an interface of a trait; [`Host`] launches; [`serve`] is
//! a plugin's main. Where the contract is there already, as a `.proto` file, [`Plugin`] and
//! [`PluginOver`] are what both sides share. A [`Session`] is a launched plugin, or one
//! [`in_process`]. Authors of transports start at [`transport`].

#[cfg(any(feature = "grpc", feature = "tarpc"))]
mod in_process;

#[cfg(any(feature = "grpc", feature = "tarpc"))]
pub use in_process::{InProcess, InProcessError, in_process};
pub use pintle_core::{
    Address, AddressError, BadProtocol, BadVersion, Bindings, BoxError, BoxFuture, Broker,
    CORE_VERSION, DEFAULT_CLOSE_ALL_TIMEOUT, DEFAULT_CLOSE_TIMEOUT, DEFAULT_CONNECT_TIMEOUT,
    DEFAULT_KILL_TIMEOUT, DEFAULT_ORPHAN_TIMEOUT, DEFAULT_SHUTDOWN_GRACE, DEFAULT_START_TIMEOUT,
    DEFAULT_TERMINATE_TIMEOUT, DISCOVER_LIMIT, DetachError, DiscoverError, Discovered, Dispense,
    DispenseError, EachChunk, EndReason, Ended, EnvError, Exit, Handshake, HandshakeLine,
    HclogLayer, Host, INHERITED_ENVIRONMENT, Interrupted, IntoPlugin, Launch, LaunchError,
    LaunchFailure, LineError, LogEntry, LogStderr, NameTaken, NetError, NoSuchTransport,
    NotLaunched, NotOver, OutputQueue, OutputTo, Panicked, PathTooLong, PingError, Plugin,
    PluginCommand, PluginOver, PluginSet, Plugins, Process, Protocol, ProtocolVersion, Reattach,
    Runner, STDERR_TAIL_LINES, SameView, Serve, ServeError, Session, SessionClosed, StartError,
    StartPlan, Started, StdioChannel, Stream as ByteStream, StreamOffer, TestMode, Translate,
    Transport, Transports, VersionMismatch, discover, in_process as in_process_over, serve_over,
};

/// For authors of transports: what joins a transport to a session.
pub mod transport {
    pub use pintle_core::{
        Connection, HostLink, Incoming, Listener, Multiplexing, Net, Output, PluginLink, Shutdown,
        StdioSource, StdioStream, Stream, Tasks, Transport, Transports,
    };
}

/// Whether a program is the one that is meant: what
/// [`PluginCommand::checksum`], [`signed_by`](PluginCommand::signed_by) and
/// [`refuse_writable`](PluginCommand::refuse_writable) take and answer.
pub mod trust {
    pub use pintle_core::{
        BadKey, ChecksumError, PublicKey, Sha256, Signature, SignatureError, TrustError,
    };
}

#[cfg(feature = "grpc")]
pub use pintle_grpc::Grpc;

/// Every transport that is compiled in, the fastest first: tarpc, then gRPC.
///
/// For programs whose plugins work over each of them: the features in `Cargo.toml` then choose, or
/// the user by [`Transports::only`].
#[cfg(any(feature = "grpc", feature = "tarpc"))]
pub fn transports() -> Transports {
    #[cfg(feature = "tarpc")]
    let all = Transports::from(Tarpc);
    #[cfg(all(feature = "tarpc", feature = "grpc"))]
    let all = all.or(Grpc);
    #[cfg(not(feature = "tarpc"))]
    let all = Transports::from(Grpc);
    all
}

/// Begins a plugin's main, over every transport that is compiled in: `serve(HANDSHAKE).plugin(Greeter).run().await`.
///
/// The host takes one of them. [`Serve::over`] offers fewer, or others.
#[cfg(any(feature = "grpc", feature = "tarpc"))]
pub fn serve(handshake: Handshake) -> Serve {
    serve_over(handshake, transports())
}

#[cfg(feature = "macros")]
pub use pintle_interface::{CallError, Callback, Code, Reader, Stream, StreamError, Writer, pipe};
#[cfg(feature = "macros")]
pub use pintle_macros::{interface, message, plugin};

/// The `.proto` files of an interface: what a program in another language generates its side from.
///
/// One file for each protobuf package that the interface reaches; usually one.
///
/// ```
/// #[pintle::interface(package = "greeter.v1")]
/// trait Greeter {
///     /// A greeting.
///     async fn greet(&self, name: String) -> Result<String, pintle::CallError>;
/// }
///
/// let files = pintle::proto::<dyn Greeter>();
/// assert_eq!(files[0].path, "greeter/v1.proto");
/// assert!(files[0].text.contains("rpc Greet(GreeterGreetRequest) returns (GreeterGreetResponse)"));
/// ```
#[cfg(feature = "macros")]
pub fn proto<I: interface::Interface + ?Sized>() -> Vec<interface::proto::ProtoFile> {
    let mut schema = interface::schema::Schema::default();
    I::define(&mut schema);
    schema.files()
}

#[cfg(feature = "compat")]
pub use pintle_interface::compat::{Incompatible, compat};

/// From trait to plugin.
#[cfg(all(feature = "macros", any(feature = "grpc", feature = "tarpc")))]
#[doc = include_str!("../docs/from-trait-to-plugin.md")]
pub mod guide {}

/// Bytes that are shared instead of copied: for payloads, in place of `Vec<u8>`.
pub use bytes::Bytes;

/// What the code is made of that [`interface`](macro@interface) and [`message`](macro@message)
/// generate.
#[cfg(feature = "macros")]
pub mod interface {
    pub use pintle_interface::*;
}

/// The gRPC transport: what a plugin's services and clients are made with.
#[cfg(feature = "grpc")]
pub mod grpc {
    pub use pintle_grpc::*;
}

#[cfg(feature = "tarpc")]
pub use pintle_tarpc::Tarpc;

/// The tarpc transport: what a plugin's services and clients are made with.
#[cfg(feature = "tarpc")]
pub mod tarpc {
    pub use pintle_tarpc::*;
}

/// A sandbox of the Linux kernel to launch plugins in: `host.runner(Sandbox::new("./plugin"))`.
#[cfg(feature = "sandbox")]
pub mod sandbox {
    pub use pintle_sandbox::*;
}

/// Mutual TLS: for users who bring certificates of their own, or choose a curve.
#[cfg(feature = "mtls")]
pub mod mtls {
    pub use pintle_core::mtls::*;
}
