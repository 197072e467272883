//! What a peer sends, given to the code that reads it: the bodies of the fuzz targets.
//!
//! Each takes the bytes of one peer and panics where a promise is broken. `cargo xtask fuzz` makes
//! up the bytes; the tests below take those that are known.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

mod hello;
mod messages;
#[path = "../../../fuzz/shared/peer.rs"]
mod peer;
#[cfg(test)]
#[path = "../../../fuzz/shared/replay.rs"]
mod replay;
mod values;

pub use hello::hello;
pub use messages::messages;
pub use values::values;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn every_input_that_is_known_keeps_the_promises() {
        replay("tarpc_hello", hello);
        replay("tarpc_messages", messages);
        replay("tarpc_values", values);
    }
}
