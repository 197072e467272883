//! The tarpc transport of pintle: Rust services over one multiplexed connection.
//!
//! For authors of plugins and hosts that are both written in Rust, and whose contract is a trait;
//! most of them reach it through the `pintle` crate. Where the contract must be open to other
//! languages, take the gRPC transport.
//!
//! Write the service with [tarpc](https://docs.rs/tarpc)'s macro (your crate depends on tarpc, in
//! the version re-exported here as [`tarpc`]), give the value [`Tarpc`](struct@Tarpc) to `launch` and to `run`,
//! and implement [`PluginOver<Tarpc>`](pintle_core::PluginOver): [`TarpcServer`] takes the service,
//! [`TarpcClient`] makes the generated client, and [`TarpcBroker`] carries calls back and streams
//! of bytes.
//!
//! ```
//! use pintle_core::{Bindings, Plugin, PluginOver, PluginSet, in_process};
//! use pintle_tarpc::{Channel, Tarpc, TarpcClient, TarpcServer, spawnable, tarpc};
//! use tarpc::context::{self, Context};
//!
//! #[tarpc::service]
//! pub trait Greeter {
//!     async fn greet(name: String) -> String;
//! }
//!
//! #[derive(Clone)]
//! struct Friendly;
//!
//! impl Greeter for Friendly {
//!     async fn greet(self, _: Context, name: String) -> String {
//!         format!("Hello, {name}!")
//!     }
//! }
//!
//! struct GreeterPlugin;
//!
//! impl Plugin for GreeterPlugin {
//!     const NAME: &'static str = "greeter";
//!     type Client = GreeterClient<Channel<GreeterRequest, GreeterResponse>>;
//!
//!     fn transports(on: Bindings<Self>) -> Bindings<Self> {
//!         on.over::<Tarpc>()
//!     }
//! }
//!
//! impl PluginOver<Tarpc> for GreeterPlugin {
//!     fn serve(&self, server: &mut TarpcServer) {
//!         server.add(spawnable!(Friendly.serve()));
//!     }
//!
//!     fn client(client: TarpcClient) -> Self::Client {
//!         client.with(GreeterClient::from)
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In this process, so that the example runs; a host launches a program instead.
//! let session = in_process(PluginSet::new().plugin(GreeterPlugin), Tarpc).await?;
//! let greeter = session.dispense::<GreeterPlugin>().await?;
//! let greeting = greeter.greet(context::current(), "world".into()).await?;
//! assert_eq!(greeting, "Hello, world!");
//! session.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is ours and what is tarpc's
//! tarpc's services, clients, deadlines, cancellation and trace context are as they are known. What
//! runs them, and the messages between the two sides, are our own. tarpc's messages let a peer end
//! the other's process or hang its caller: here a deadline beyond all bounds is none, a panic is
//! answered at once, a value too long fails its call alone, and an answer of another method is an
//! error. And its bookkeeping for each call costs three times what the call does: here a call is
//! written by whoever makes it, those made together leave together, nobody sets a timer for a call
//! without a deadline, and a plugin on one thread answers on the spot what needs not wait. In a
//! service, only the `Context` that it is given has the caller's deadline: `context::current()` has
//! the trace alone. One connection
//! carries everything, on streams of yamux: control, stdout, stderr, one for each dispensed client
//! and one for each broker id; TLS is around all of it where the session has TLS.
//!
//! # Bytes
//! Take [`Bytes`] (or `serde_bytes`) for payloads: serde writes a `Vec<u8>` element by element,
//! ten times slower.
//!
//! # Calls of bytes
//! Whoever has an encoding of its own does without serde and the macro: [`TarpcServer::add_bytes`]
//! takes a function from a method's name and its bytes to an [`Answer`], and
//! [`TarpcClient::bytes`] makes a [`ByteChannel`] that calls it. All that is said here of calls
//! holds for these. A [`Body`] writes itself straight into what is sent, and what was received is
//! handed out without a copy.
//!
//! # Limits
//! - A message has at most 8 MiB unless [`Tarpc::max_message_bytes`] says otherwise, values lie at
//!   most 256 deep within each other, and a list of elements without any bytes has at most as many
//!   as its message has bytes, and 4096.
//! - Nothing streams but bytes: for a sequence of values use a broker id, or several calls.
//! - Host and plugin must agree on the types of a service. Another type is an error of the call if
//!   its bytes do not fit, and nonsense if they do: raise the protocol version with the service.

mod broker;
mod client;
mod codec;
mod connection;
mod control;
mod envelope;
mod error;
mod failure;
mod form;
mod frame;
#[cfg(any(test, pintle_fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod messages;
mod multiplex;
mod outgoing;
mod raw;
mod server;
mod service;
mod stdio;
mod transport;
mod variant;

pub use broker::{BrokerError, BrokerId, ByteStream, Served, TarpcBroker};
pub use client::{ByteChannel, Channel, TarpcClient, within};
pub use codec::Codec;
pub use connection::TarpcConnection;
pub use error::{CallLost, TarpcError, session_closed};
pub use frame::FrameError;
pub use raw::{Answer, Body, ByteCall};
pub use server::TarpcServer;
pub use transport::{DEFAULT_MAX_CONCURRENT_CALLS, DEFAULT_MAX_MESSAGE_BYTES, Tarpc};

pub use bytes::Bytes;
pub use tarpc;
