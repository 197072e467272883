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
//! The interface, in a crate that host and plugin share. The contract is an ordinary gRPC service; the
//! names of the two sides' types come from tonic.
//!
//! ```rust
//! # use greeter::pb;
//! // examples/greeter/src/lib.rs
//! use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited, tonic};
//! use pintle::{Bindings, Grpc, Handshake, Plugin, PluginOver};
//! use tonic::{Request, Response, Status};
//!
//! use pb::greeter_client::GreeterClient;
//! use pb::greeter_server::{Greeter, GreeterServer};
//!
//! /// What host and plugin agree on before they talk.
//! pub const HANDSHAKE: Handshake = Handshake::new("GREETER_PLUGIN", "hello");
//!
//! /// A plugin that greets.
//! #[derive(Debug)]
//! pub struct GreeterPlugin;
//!
//! impl Plugin for GreeterPlugin {
//!     const NAME: &'static str = "greeter";
//!     type Client = GreeterClient<Channel>;
//!
//!     fn transports(on: Bindings<Self>) -> Bindings<Self> {
//!         on.over::<Grpc>()
//!     }
//! }
//!
//! impl PluginOver<Grpc> for GreeterPlugin {
//!     fn serve(&self, server: &mut GrpcServer) {
//!         server.add(limited!(server, GreeterServer::new(Polite)));
//!     }
//!
//!     fn client(client: GrpcClient) -> Self::Client {
//!         limited!(client, GreeterClient::new(client.channel()))
//!     }
//! }
//!
//! struct Polite;
//!
//! #[tonic::async_trait]
//! impl Greeter for Polite {
//!     async fn greet(
//!         &self,
//!         request: Request<pb::GreetRequest>,
//!     ) -> Result<Response<pb::GreetResponse>, Status> {
//!         let greeting = format!("Hello, {}!", request.into_inner().name);
//!         Ok(Response::new(pb::GreetResponse { greeting }))
//!     }
//! }
//! ```
//!
//! The plugin:
//!
//! ```rust,no_run
//! // examples/greeter/src/plugin.rs
//! use greeter::{GreeterPlugin, HANDSHAKE};
//! use pintle::{Grpc, ServeError};
//!
//! #[tokio::main(flavor = "current_thread")]
//! pub(crate) async fn main() -> Result<(), ServeError> {
//!     pintle::serve(HANDSHAKE)
//!         .plugin(GreeterPlugin)
//!         .run(Grpc)
//!         .await
//! }
//! ```
//!
//! The host. One program plays both parts here, so that one command builds everything; otherwise
//! `command` is given the path of the plugin.
//!
//! ```rust,no_run
//! // examples/greeter/src/host.rs
//! use greeter::pb::GreetRequest;
//! use greeter::{GreeterPlugin, HANDSHAKE};
//! use pintle::{Grpc, Host};
//!
//! #[tokio::main]
//! pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let program = std::env::current_exe()?;
//!     let session = Host::new(HANDSHAKE)
//!         .command(program)
//!         .arg("plugin")
//!         .launch(Grpc)
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
//!     let mut greeter = session.dispense::<GreeterPlugin>().await?;
//!     let answer = greeter
//!         .greet(GreetRequest {
//!             name: "world".to_owned(),
//!         })
//!         .await?;
//!     println!("answered  {}", answer.into_inner().greeting);
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
//! agreed    protocol version 1, grpc, mutual TLS
//! answered  Hello, world!
//! ended     exit code 0
//! ```
//!
//! <!-- crate docs end here -->
//!
//! # Where to start
//!
//! [`Host`] launches; [`serve`] is a plugin's main; [`Plugin`] and [`PluginOver`] are what both
//! share. A [`Session`] is a launched plugin. Authors of transports start at [`transport`].

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
