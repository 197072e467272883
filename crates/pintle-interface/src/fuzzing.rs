//! What a peer sends, given to the code that reads it: the bodies of the fuzz targets.
//!
//! Each takes the bytes of one peer and panics where a promise is broken. `cargo xtask fuzz` makes
//! up the bytes; the tests below take those that are known. The values of interfaces are fuzzed in
//! `pintle-testkit`, where there is a message of every type.

#[path = "../../../fuzz/shared/peer.rs"]
pub(crate) mod peer;
#[cfg(test)]
#[path = "../../../fuzz/shared/replay.rs"]
mod replay;

pub use crate::flow::fuzzing::flow;
#[cfg(feature = "grpc")]
pub use crate::grpc::fuzzing::call_error;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn every_input_that_is_known_keeps_the_promises() {
        replay("flow", flow);
        #[cfg(feature = "grpc")]
        replay("call_error", call_error);
    }
}
