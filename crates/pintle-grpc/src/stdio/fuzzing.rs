//! Whatever a plugin says it has printed.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use prost::Message;

use super::{channel_of, message};
use crate::pb::StdioData;

/// One message of the stdio service.
///
/// What is delivered is written and read again equal, and is no longer than what came.
pub fn stdio(bytes: &[u8]) {
    let Ok(chunk) = StdioData::decode(bytes) else {
        return;
    };
    assert!(chunk.data.len() <= bytes.len());
    if let Some(channel) = channel_of(&chunk) {
        let written = message(channel, chunk.data.clone()).encode_to_vec();
        let again = StdioData::decode(&written[..]);
        assert_eq!(again.ok(), Some(chunk));
    }
}
