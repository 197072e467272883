//! Whatever is published beside a program.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use std::error::Error;

use super::{PublicKey, Sha256, Signature};
use crate::fuzzing::assert_fit_to_print;

/// A text that is taken for a checksum, a list of them, a key and a signature.
///
/// What is read as a checksum or a key is read back equal from what it prints; of what is not, the
/// reason is fit to print, and of a key it does not repeat the text: that may be the secret one.
pub fn published(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let unfit = |error: &(dyn Error + 'static)| assert_fit_to_print(error);
    match Sha256::parse(text) {
        Ok(sum) => assert_eq!(Sha256::parse(&sum.to_string()).ok(), Some(sum)),
        Err(error) => unfit(&error),
    }
    match Sha256::find_in(text, "plugin") {
        Ok(sum) => assert!(text.to_ascii_lowercase().contains(&sum.to_string())),
        Err(error) => unfit(&error),
    }
    match PublicKey::parse(text) {
        Ok(key) => assert!(PublicKey::parse(&key.to_string()).is_ok()),
        Err(error) => assert_eq!(Err(error), PublicKey::parse("").map(|_| ())),
    }
    if let Err(error) = Signature::parse(text) {
        unfit(&error);
    }
}
