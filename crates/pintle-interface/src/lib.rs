//! What the code that pintle's `interface` attribute generates is made of.
//!
//! Users of the attribute reach what they need through the `pintle` crate, whose page "From trait
//! to plugin" is the place to start. This crate is for those who read generated code: one encoding
//! (protobuf, in [`value`] and [`message`]), the contract as data ([`schema`]), and what an
//! [`Interface`] is to the two transports.
//!
//! Every transport carries the same messages. That is what lets a peer of an earlier or later
//! trait understand, and what makes a Rust trait an ordinary gRPC service for other languages.

mod callback;
mod caller;
pub mod carrier;
#[cfg(feature = "compat")]
pub mod compat;
mod enumeration;
pub mod error;
pub mod flow;
#[cfg(any(test, pintle_fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod generated;
#[cfg(feature = "grpc")]
mod grpc;
mod interface;
mod lent_id;
mod link;
pub mod message;
mod method;
mod pass;
pub mod proto;
mod returned;
pub mod schema;
mod served;
#[cfg(feature = "tarpc")]
mod tarpc;
pub mod value;
pub mod wire;

pub use callback::Callback;
pub use caller::Caller;
pub use enumeration::Enumeration;
#[doc(hidden)]
pub use enumeration::{
    element_type as enumeration_type, known as known_enumeration, numbers as enumeration_numbers,
    take as take_enumeration,
};
pub use error::{CallError, Code, DecodeError};
pub use flow::{Reader, Stream, StreamError, Writer, pipe};
#[doc(hidden)]
pub use generated::{Decoded, finish, merge};
#[doc(hidden)]
pub use interface::unheard;
pub use interface::{Call, Failure, Interface, Serves};
pub use lent_id::{Lend, LentId};
pub use link::Link;
pub use message::Message;
pub use method::Method;
pub use pass::{Lent, Pass, Passing};
pub use returned::{Outcome, Returned};
pub use served::Served;
pub use value::{Element, Key, Value};

#[doc(hidden)]
pub use pintle_core::Pieces;
