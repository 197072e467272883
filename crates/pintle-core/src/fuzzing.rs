//! What a peer sends, given to the code that reads it: the bodies of the fuzz targets.
//!
//! Each takes the bytes of one peer and panics where a promise is broken. `cargo xtask fuzz` makes
//! up the bytes; the tests below take those that are known.

#[path = "../../../fuzz/shared/peer.rs"]
pub(crate) mod peer;
#[cfg(test)]
#[path = "../../../fuzz/shared/replay.rs"]
mod replay;

pub use crate::handshake::fuzzing::{environment, line};
pub use crate::host::fuzzing::{first_line, stderr};
pub use crate::reattach::fuzzing::token;
pub use crate::trust::fuzzing::published;

/// What an error tells a person about a peer: one bounded line for each cause, and nothing in it
/// that could drive a terminal.
pub(crate) fn assert_fit_to_print(error: &(dyn std::error::Error + 'static)) {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        assert!(text.len() < 4096, "an error of {} bytes", text.len());
        assert!(!text.contains(char::is_control), "{text:?}");
        cause = error.source();
    }
}

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn every_input_that_is_known_keeps_the_promises() {
        replay("line", line);
        replay("environment", environment);
        replay("first_line", first_line);
        replay("stderr", stderr);
        replay("token", token);
        replay("published", published);
    }
}
