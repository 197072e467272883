//! The HTTP/2 layer: one connection carrying gRPC calls, from either end.
//!
//! A plugin has exactly one peer, so this layer has no pool, no reconnection and no queue between
//! a call and its connection. What it has instead is ownership and exactness:
//!
//! - every task belongs to the tracker it was given and ends with its connection;
//! - a call ends with the status code the gRPC specification asks for, whoever ended it;
//! - every input of the peer has a bound.
//!
//! The calling end is [`Channel`], which any generated client takes. The answering end is
//! [`serve_connection`], which answers from a [`Router`]. They share [`Settings`], the [`pump`]
//! that sends a body and the [`receive`] side that checks one. The crate `h2` is used directly:
//! `hyper` on top of it hides why a connection ended, and lets a call that was given up keep its
//! stream open for as long as its request is not finished.
//!
//! [`pump`]: self::pump
//! [`receive`]: self::receive

mod answer;
mod call;
mod channel;
mod deadline;
#[cfg(test)]
pub(crate) mod endless;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod keepalive;
mod lost;
mod message;
mod panic;
mod prefix;
mod pump;
mod receive;
mod reply;
mod router;
mod server;
mod settings;
mod status;
#[cfg(test)]
mod tests;
mod unary;
mod whole;

pub use channel::{Channel, ConnectError};
pub use lost::ConnectionLost;
pub(crate) use lost::{LostReason, SharedError};
pub(crate) use prefix::{NOT_COMPRESSED, Prefix, framed};
pub(crate) use router::Router;
pub use router::{DuplicateService, UnaryCall};
pub(crate) use server::serve_connection;
pub(crate) use settings::Settings;
pub use settings::{KeepAlive, Limits};
pub(crate) use status::{GRPC_CONTENT_TYPE, GRPC_STATUS};
pub use whole::UnaryMessage;
pub(crate) use whole::{outcome, refused};

/// A boxed future that may move between threads.
pub(crate) type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;
