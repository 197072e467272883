//! Cheap strange text for the property tests of this crate.

use std::ops::RangeInclusive;

use proptest::prelude::*;

/// Text of the characters in `alphabet`.
///
/// It is made from one number: proptest's own strategies for text take most of
/// the time of a test with a hundred thousand cases.
pub(crate) fn odd(
    alphabet: &'static str,
    lengths: RangeInclusive<u32>,
) -> impl Strategy<Value = String> {
    let alphabet: Vec<char> = alphabet.chars().collect();
    (any::<u128>(), lengths).prop_map(move |(mut number, length)| {
        let mut next = || {
            let at = (number % alphabet.len() as u128) as usize;
            number /= alphabet.len() as u128;
            alphabet[at]
        };
        (0..length).map(|_| next()).collect()
    })
}
