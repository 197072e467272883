//! Whatever a status says.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use bytes::Bytes;
use pintle_core::Pieces;
use tonic::Status;

use super::status;
use crate::caller::Failed;
use crate::error::CallError;
use crate::message::Message;

/// An error of an interface: the details of a status, and the error by itself.
///
/// What was read is written and read again with the same words.
pub fn call_error(bytes: &[u8]) {
    let details = Bytes::copy_from_slice(bytes);
    let status = Status::with_details(tonic::Code::Unknown, "it failed", details.clone());
    match status::read::<CallError>(status) {
        Failed::Named(error) | Failed::Otherwise(error) => {
            let _ = error.to_string();
        }
    }
    if let Ok(error) = CallError::decode(details) {
        let mut written = Pieces::default();
        error.put_fields(&mut written);
        assert_eq!(written.len(), error.fields_len());
        let again = CallError::decode(written.into_bytes());
        let again = again.map(|again| again.to_string());
        assert_eq!(again.ok(), Some(error.to_string()));
    }
}
