//! Whatever is said to be a token.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use serde_json::Value;

use super::Reattach;

/// A token in JSON, as a file or `TF_REATTACH_PROVIDERS` has it.
///
/// What was read is written and read again equal, and `Debug` shows nothing of its key.
pub fn token(bytes: &[u8]) {
    let Ok(token) = serde_json::from_slice::<Reattach>(bytes) else {
        return;
    };
    if token.is_secret() && cfg!(not(feature = "mtls")) {
        // Its key was passed over.
        return;
    }
    let written = serde_json::to_value(&token).expect("a token has nothing that JSON has not");
    let read = serde_json::from_value::<Reattach>(written.clone());
    assert_eq!(read.ok().as_ref(), Some(&token), "{written}");
    let shown = format!("{token:?}");
    let mut open = written.clone();
    open["Keys"] = Value::Null;
    let open = open.to_string();
    // What a token says of its key where everybody reads it is no secret.
    for line in secret_lines(&written).filter(|line| !open.contains(line)) {
        assert!(!shown.contains(line), "Debug shows the key: {shown}");
    }
}

/// The lines of the key that are long enough to be told from chance.
fn secret_lines(token: &Value) -> impl Iterator<Item = &str> {
    let host = token["Keys"]["Host"].as_str().unwrap_or_default();
    let key = host.split("PRIVATE KEY").nth(1).unwrap_or_default();
    key.split_ascii_whitespace().filter(|line| line.len() > 16)
}
