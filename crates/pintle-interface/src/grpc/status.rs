//! Errors of an interface as gRPC carries them: a status, and the error itself in its details.
//!
//! The details are a `google.rpc.Status` with one `google.protobuf.Any`, as every gRPC library
//! reads and writes them.

use std::error::Error;

use bytes::Bytes;
use pintle_core::{Pieces, SessionClosed};
use pintle_grpc::ConnectionLost;
use tonic::Status;

use crate::caller::Failed;
use crate::error::{CallError, DecodeError, shared};
use crate::interface::Failure;
use crate::message::Message;
use crate::value::{Element, Value};
use crate::wire::{self, Field};

/// What comes before a type's name in an `Any`.
const PREFIX: &str = "type.googleapis.com/";

/// The status of a call that failed with `error`.
pub(super) fn write<E: Failure>(error: &E) -> Status {
    let code = tonic::Code::from_i32(error.code().number().into());
    let text = error.to_string();
    if E::NAME == CallError::NAME {
        return Status::new(code, text);
    }
    let mut value = Pieces::with_capacity(error.fields_len());
    error.put_fields(&mut value);
    let (package, name) = E::NAME;
    let any = Any {
        of: format!("{PREFIX}{package}.{name}"),
        value: value.into_bytes(),
    };
    let mut details = Pieces::default();
    u32::from(error.code().number()).put(1, &mut details);
    text.put(2, &mut details);
    any.put_element(3, &mut details);
    Status::with_details(code, text, details.into_bytes())
}

/// The error that a status stands for.
pub(super) fn read<E: Failure>(status: Status) -> Failed<E> {
    match named(&status) {
        Some(Ok(error)) => Failed::Named(error),
        Some(Err(error)) => Failed::Otherwise(CallError::Unreadable(error)),
        None => Failed::Otherwise(otherwise(status)),
    }
}

/// The error in the details, if there is one of that type.
fn named<E: Message>(status: &Status) -> Option<Result<E, DecodeError>> {
    let details = status.details();
    if details.is_empty() {
        return None;
    }
    let mut found = None;
    let (package, name) = E::NAME;
    let read = wire::fields(Bytes::copy_from_slice(details), 0, |tag, field| {
        if tag != 3 {
            return field.skip();
        }
        let any = Any::take_element(field)?;
        let full = any.of.rsplit('/').next().unwrap_or_default();
        if full.rsplit_once('.') == Some((package, name)) {
            found.get_or_insert(any.value);
        }
        Ok(())
    });
    match (read, found) {
        (_, Some(value)) => Some(E::decode(value)),
        // Details of another peer's making that we cannot read are not ours to judge.
        (Ok(()) | Err(_), None) => None,
    }
}

fn otherwise(status: Status) -> CallError {
    if let Some(closed) = SessionClosed::of(&status) {
        return CallError::Lost(closed.clone());
    }
    let source = status.source();
    if let Some(error) = source.and_then(<dyn Error>::downcast_ref::<DecodeError>) {
        return CallError::Unreadable(error.clone());
    }
    if source.is_some_and(|source| source.is::<ConnectionLost>()) {
        return CallError::Disconnected(shared(status));
    }
    let text = status.message().to_owned();
    match status.code() {
        tonic::Code::DeadlineExceeded => CallError::DeadlineExceeded,
        tonic::Code::Unimplemented => CallError::Unimplemented(text),
        _ => CallError::with_code(super::code(&status), text),
    }
}

/// `google.protobuf.Any`.
#[derive(Default)]
struct Any {
    of: String,
    value: Bytes,
}

impl Any {
    fn put_element(&self, tag: u32, to: &mut Pieces) {
        let length = Value::field_len(&self.of, 1) + Value::field_len(&self.value, 2);
        wire::put_key(tag, wire::WireType::Bytes, to);
        wire::put_varint(length as u64, to);
        self.of.put(1, to);
        self.value.put(2, to);
    }

    fn take_element(field: Field<'_>) -> Result<Self, DecodeError> {
        let mut any = Self::default();
        field.message(|tag, field| {
            match tag {
                1 => any.of = String::take_element(field)?,
                2 => any.value = Bytes::take_element(field)?,
                _ => field.skip()?,
            }
            Ok(())
        })?;
        Ok(any)
    }
}
