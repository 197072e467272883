//! Many byte streams over one connection, in the protocol of hashicorp/yamux, and a broker that
//! joins tasks on both sides by number.
//!
//! For programs that have one connection between two processes and want more: a plugin and its
//! host, say. Peers are this crate or any yamux, Go's in particular. Who can simply open another
//! connection should: the socket is faster, and each connection has its own end.
//!
//! Start at [`Session`]: it takes any [`AsyncRead`] + [`AsyncWrite`], opens streams and accepts
//! those of the peer. A [`Stream`] is itself such a connection, so TLS or HTTP/2 go inside it as
//! well as underneath. [`MuxBroker`] is for peers that agree on a number first.
//!
//! ```
//! use pintle_mux::{Config, Session};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (a, b) = tokio::io::duplex(4096);
//! let (client, driver) = Session::client(a, Config::default());
//! tokio::spawn(driver);
//! let (server, driver) = Session::server(b, Config::default());
//! tokio::spawn(driver);
//!
//! let mut asking = client.open().await?;
//! asking.write_all(b"how are you?").await?;
//! asking.shutdown().await?;
//!
//! let mut answering = server.accept().await.ok_or("the session ended")?;
//! let mut question = String::new();
//! answering.read_to_string(&mut question).await?;
//! answering.write_all(question.to_uppercase().as_bytes()).await?;
//! answering.shutdown().await?;
//!
//! let mut answer = String::new();
//! asking.read_to_string(&mut answer).await?;
//! assert_eq!(answer, "HOW ARE YOU?");
//! # Ok(())
//! # }
//! ```
//!
//! # What can be relied on
//!
//! - [`Session::open`] has queued its SYN, and with an idle connection sent it, when it returns, and
//!   [`Session::accept`] its ACK; neither waits for data. Streams are accepted in the order they
//!   were opened, those that were reset meanwhile too.
//! - Reading never waits for writing, and a stream nobody reads stalls no other.
//! - A reset, and a session that breaks off, are errors on every stream and never a clean end.
//! - A peer's GoAway stops new streams and nothing else. A stream too many is refused; the session
//!   lives.
//! - What a peer can make this side hold is bounded (see [`Config`]); what it does against the
//!   protocol has a name (see [`ProtocolError`]).
//! - No task is spawned: the [`Driver`] is the caller's to spawn and to stop.
//! - Dropping any future is safe.
//!
//! # Limits
//!
//! The runtime is tokio's. There are no priorities between streams, and no windows over the whole
//! session: the protocol has neither.
//!
//! [`AsyncRead`]: tokio::io::AsyncRead
//! [`AsyncWrite`]: tokio::io::AsyncWrite

mod broker;
mod config;
mod error;
mod frame;
#[cfg(any(test, pintle_fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod pending;
mod session;
mod state;
mod stream;

pub use broker::{BrokerConfig, BrokerError, MuxBroker};
pub use config::{Config, INITIAL_WINDOW_BYTES};
pub use error::{OpenError, ProtocolError, SessionEnd, StreamError};
pub use frame::FrameError;
pub use session::{Driver, Session};
pub use state::Counters;
pub use stream::Stream;
