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
//! The interface, in a crate that host and plugin share: what a host calls, and the transports it
//! works over.
//!
//! ```rust
//! // examples/greeter/src/lib.rs
//! use pintle::{Bindings, BoxError, BoxFuture, Handshake, Plugin};
//!
//! /// What host and plugin agree on before they talk.
//! pub const HANDSHAKE: Handshake = Handshake::new("GREETER_PLUGIN", "hello");
//!
//! /// What a host calls the plugin with, whatever the transport.
//! pub trait Greeter: Send + Sync {
//!     /// A greeting for `name`.
//!     fn greet(&self, name: &str) -> BoxFuture<'_, Result<String, BoxError>>;
//! }
//!
//! /// A plugin that greets.
//! #[derive(Debug)]
//! pub struct GreeterPlugin;
//!
//! impl Plugin for GreeterPlugin {
//!     const NAME: &'static str = "greeter";
//!     type Client = Box<dyn Greeter>;
//!
//!     fn transports(on: Bindings<Self>) -> Bindings<Self> {
//!         #[cfg(feature = "grpc")]
//!         let on = on.over::<pintle::Grpc>();
//!         #[cfg(feature = "tarpc")]
//!         let on = on.over::<pintle::Tarpc>();
//!         on
//!     }
//! }
//!
//! /// What the plugin does.
//! fn greeting(name: &str) -> String {
//!     format!("Hello, {name}!")
//! }
//! # use pintle::grpc::{GrpcClient, GrpcServer};
//! # impl pintle::PluginOver<pintle::Grpc> for GreeterPlugin {
//! #     fn serve(&self, _: &mut GrpcServer) {}
//! #     fn client(_: GrpcClient) -> Box<dyn Greeter> { unimplemented!() }
//! # }
//! # #[cfg(feature = "tarpc")]
//! # impl pintle::PluginOver<pintle::Tarpc> for GreeterPlugin {
//! #     fn serve(&self, _: &mut pintle::tarpc::TarpcServer) {}
//! #     fn client(_: pintle::tarpc::TarpcClient) -> Box<dyn Greeter> { unimplemented!() }
//! # }
//! ```
//!
//! Over gRPC the contract is an ordinary service, with tonic's generated types. (Over tarpc it is a Rust
//! trait, in `over_tarpc.rs`.)
//!
//! ```rust
//! # pub use greeter::Greeter;
//! # pub struct GreeterPlugin;
//! # impl pintle::Plugin for GreeterPlugin {
//! #     const NAME: &'static str = "greeter";
//! #     type Client = Box<dyn Greeter>;
//! #     fn transports(on: pintle::Bindings<Self>) -> pintle::Bindings<Self> { on.over::<pintle::Grpc>() }
//! # }
//! # fn greeting(name: &str) -> String { name.to_owned() }
//! # fn main() {}
//! # mod over_grpc {
//! # mod pb { pub use greeter::pb::*; }
//! // examples/greeter/src/over_grpc.rs
//! use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited, tonic};
//! use pintle::{BoxError, BoxFuture, Grpc, PluginOver};
//! use tonic::{Request, Response, Status};
//!
//! use crate::{Greeter, GreeterPlugin, greeting};
//! use pb::greeter_client::GreeterClient;
//! use pb::greeter_server::{Greeter as Service, GreeterServer};
//!
//! impl PluginOver<Grpc> for GreeterPlugin {
//!     fn serve(&self, server: &mut GrpcServer) {
//!         server.add(limited!(server, GreeterServer::new(Served)));
//!     }
//!
//!     fn client(client: GrpcClient) -> Box<dyn Greeter> {
//!         let calls = limited!(client, GreeterClient::new(client.channel()));
//!         Box::new(Client(calls))
//!     }
//! }
//!
//! struct Served;
//!
//! #[tonic::async_trait]
//! impl Service for Served {
//!     async fn greet(
//!         &self,
//!         request: Request<pb::GreetRequest>,
//!     ) -> Result<Response<pb::GreetResponse>, Status> {
//!         let greeting = greeting(&request.into_inner().name);
//!         Ok(Response::new(pb::GreetResponse { greeting }))
//!     }
//! }
//!
//! struct Client(GreeterClient<Channel>);
//!
//! impl Greeter for Client {
//!     fn greet(&self, name: &str) -> BoxFuture<'_, Result<String, BoxError>> {
//!         let (mut calls, name) = (self.0.clone(), name.to_owned());
//!         Box::pin(async move {
//!             let answer = calls.greet(pb::GreetRequest { name }).await?;
//!             Ok(answer.into_inner().greeting)
//!         })
//!     }
//! }
//! # }
//! ```
//!
//! The plugin:
//!
//! ```rust,no_run
//! // examples/greeter/src/plugin.rs
//! use greeter::{GreeterPlugin, HANDSHAKE};
//! use pintle::ServeError;
//!
//! #[tokio::main(flavor = "current_thread")]
//! pub(crate) async fn main() -> Result<(), ServeError> {
//!     pintle::serve(HANDSHAKE)
//!         .plugin(GreeterPlugin)
//!         .run(pintle::transports())
//!         .await
//! }
//! ```
//!
//! The host. One program plays both parts here, so that one command builds everything; otherwise
//! `command` is given the path of the plugin.
//!
//! ```rust,no_run
//! // examples/greeter/src/host.rs
//! use greeter::{GreeterPlugin, HANDSHAKE};
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
//!     let greeter = session.dispense::<GreeterPlugin>().await?;
//!     println!("answered  {}", greeter.greet("world").await?);
//!
//!     let exit = session.close().await?;
//!     println!("ended     {exit}");
//!     Ok(())
//! }
//! ```
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
//! [`Host`] launches; [`serve`] is a plugin's main; [`Plugin`] and [`PluginOver`] are what both
//! share. A [`Session`] is a launched plugin, or one [`in_process`]. Authors of transports start at [`transport`].

pub use pintle_core::{
    Address, AddressError, BadProtocol, BadVersion, Bindings, BoxError, BoxFuture, Broker,
    CORE_VERSION, DEFAULT_CLOSE_TIMEOUT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_KILL_TIMEOUT,
    DEFAULT_ORPHAN_TIMEOUT, DEFAULT_SHUTDOWN_GRACE, DEFAULT_START_TIMEOUT,
    DEFAULT_TERMINATE_TIMEOUT, DispenseError, EachChunk, EndReason, Ended, EnvError, Exit,
    Handshake, HandshakeLine, HclogLayer, Host, INHERITED_ENVIRONMENT, Launch, LaunchError,
    LaunchFailure, LineError, LogEntry, LogStderr, NetError, NoSuchTransport, NotOver, OutputTo,
    Panicked, PathTooLong, PingError, Plugin, PluginCommand, PluginOver, PluginSet, Process,
    Protocol, ProtocolVersion, Runner, STDERR_TAIL_LINES, SameView, Serve, ServeError, Session,
    SessionClosed, StartError, StartPlan, Started, StdioChannel, Stream, StreamOffer, Translate,
    Transport, Transports, VersionMismatch, in_process, serve,
};

/// For authors of transports: what joins a transport to a session.
pub mod transport {
    pub use pintle_core::{
        Connection, HostLink, Incoming, Listener, Multiplexing, Net, Output, PluginLink, Shutdown,
        StdioSource, StdioStream, Stream, Tasks, Transport, Transports,
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

/// Mutual TLS: for users who bring certificates of their own, or choose a curve.
#[cfg(feature = "mtls")]
pub mod mtls {
    pub use pintle_core::mtls::*;
}
