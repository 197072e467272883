//! What a peer sends as a value of an interface: the body of the fuzz target.
//!
//! It panics where a promise is broken. `cargo xtask fuzz` makes up the bytes; the test below takes
//! those that are known.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

#[cfg(test)]
#[path = "../../../fuzz/shared/replay.rs"]
mod replay;

use pintle::Bytes;
use pintle::interface::{Message, Pieces};

use crate::conformance::interface::Values;

/// A message with a field of every type.
///
/// What was read is written, in as many bytes as were announced, and is read and written again
/// alike.
pub fn values(bytes: &[u8]) {
    let Ok(values) = Values::decode(Bytes::copy_from_slice(bytes)) else {
        return;
    };
    let written = write(&values);
    // Times and texts that are absent are said, a few bytes for each message that came.
    assert!(written.len() <= bytes.len() * WRITTEN_FOR_EACH_BYTE + WRITTEN_ANYWAY);
    let again = Values::decode(Bytes::from(written.clone()));
    let again = again.expect("a message that was read, as it was written");
    // By its bytes: not every number is equal to itself.
    assert_eq!(write(&again).len(), written.len());
    assert_eq!(sorted(&again), sorted(&values));
}

const WRITTEN_FOR_EACH_BYTE: usize = 8;
const WRITTEN_ANYWAY: usize = 64;

fn write(values: &Values) -> Vec<u8> {
    let mut written = Pieces::default();
    values.put_fields(&mut written);
    assert_eq!(written.len(), values.fields_len());
    written.into_bytes().into()
}

/// All that it holds, the entries of its one map without an order aside.
fn sorted(values: &Values) -> String {
    let mut values = values.clone();
    let mut maps = Vec::new();
    let mut next = Some(&mut values);
    while let Some(one) = next {
        let mut entries: Vec<_> = one.by_flag.drain().collect();
        entries.sort();
        maps.push(entries);
        next = one.within.as_deref_mut();
    }
    format!("{values:?} {maps:?}")
}

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::values;

    #[test]
    fn every_input_that_is_known_keeps_the_promises() {
        replay("values", values);
    }
}
