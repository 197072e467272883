//! What a peer sends, given to the code that reads it: the body of the fuzz target.
//!
//! It panics where a promise is broken. `cargo xtask fuzz` makes up the bytes; the test below takes
//! those that are known.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

#[cfg(test)]
#[path = "../../../fuzz/shared/replay.rs"]
mod replay;

use crate::{Certificate, Identity};

/// A certificate, or an identity, in each of the forms in which it travels.
///
/// What was read is written and read again equal, and is no longer than what came; `Debug` shows
/// nothing of a key.
pub fn certificate(bytes: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(bytes) {
        assert_eq!(certificate.as_der(), bytes);
        written_and_read_again(&certificate);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let read = [Certificate::from_pem(text), Certificate::from_line(text)];
    for certificate in read.into_iter().flatten() {
        assert!(certificate.as_der().len() < text.len());
        written_and_read_again(&certificate);
    }
    if let Ok(identity) = Identity::from_pem(text) {
        let pem = identity.to_pem();
        let read = Identity::from_pem(pem.expose());
        let read = read.expect("an identity that was read, as it was written");
        assert_eq!(read.certificate(), identity.certificate());
        assert_eq!(read.to_pem().expose(), pem.expose());
        let shown = format!("{identity:?} {pem:?}");
        let key = pem.expose().split("PRIVATE KEY").nth(1).unwrap_or_default();
        for line in key.lines().filter(|line| line.len() > 16) {
            assert!(!shown.contains(line), "Debug shows the key: {shown}");
        }
    }
}

fn written_and_read_again(certificate: &Certificate) {
    let (pem, line) = (certificate.to_pem(), certificate.to_line());
    // One near the limit may be too long in the other form.
    if pem.len() <= crate::MAX_TEXT_BYTES {
        assert_eq!(Certificate::from_pem(&pem).ok().as_ref(), Some(certificate));
        assert_eq!(
            Certificate::from_line(&line).ok().as_ref(),
            Some(certificate)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::certificate;
    use super::replay::replay;

    #[test]
    fn every_input_that_is_known_keeps_the_promises() {
        replay("certificate", certificate);
    }
}
