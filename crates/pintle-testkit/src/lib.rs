//! What proves pintle as a whole: a plugin that does what a test asks of it,
//! the program `rogue` that serves it or misbehaves on request, and a world to
//! launch it in.
//!
//! For the tests of this repository; nothing here is published. It stands above
//! the facade, where a user stands: what it needs of pintle, a user has too.
//! Start at [`World`] and read `tests/it`. What every transport has to keep, those written elsewhere
//! too, is [`conformance`](mod@conformance).

mod certificates;
pub mod conformance;
mod deeds;
mod doomed;
mod echo;
mod encounter;
mod flood;
#[cfg(any(test, pintle_fuzzing))]
pub mod fuzzing;
mod long;
mod open_calls;
mod stranger;
mod streams;
mod vice;
mod way;
mod world;

pub use certificates::{tls_from, write_certificates};
pub use deeds::*;
pub use doomed::{Doomed, guard_of, has_ended};
pub use echo::{Echo, EchoPlugin, EchoService, HANDSHAKE};
pub use encounter::{meet, normalised};
pub use flood::{Flood, noise};
pub use long::is_long;
pub use stranger::{Answer, ask, ask_in_plaintext, ask_over_tls};
pub use streams::{exchange, read_sequence, write_sequence};
pub use vice::{Step, Vice};
pub use way::{Over, Way};
pub use world::{World, children, descriptors, eventually, tasks};

/// Generated from `proto/echo.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/pintle.testkit.v1.rs"]
pub mod pb;
