//! What a peer sends, given to the code that reads it: the bodies of the fuzz targets.
//!
//! Each takes the bytes of one peer and panics where a promise is broken. `cargo xtask fuzz` makes
//! up the bytes; the tests below take those that are known.

#[path = "../../../fuzz/shared/peer.rs"]
pub(crate) mod peer;
#[cfg(test)]
#[path = "../../../fuzz/shared/replay.rs"]
mod replay;

pub use crate::broker::fuzzing::broker;
pub use crate::h2::fuzzing::{http2_client, http2_server};
pub use crate::stdio::fuzzing::stdio;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn every_input_that_is_known_keeps_the_promises() {
        replay("broker", broker);
        replay("http2_client", http2_client);
        replay("http2_server", http2_server);
        replay("stdio", stdio);
    }
}
