//! What generated code does in many places, so that it can be said in one word.

use crate::error::DecodeError;
use crate::value::Value;
use crate::wire::Field;

/// What reading gives.
pub type Decoded<T> = Result<T, DecodeError>;

/// Takes in one field of a message; `path` is what an error names.
///
/// # Errors
/// When the payload is not of the field's type.
#[inline]
pub fn merge<V: Value>(slot: &mut Option<V>, field: Field<'_>, path: &'static str) -> Decoded<()> {
    V::merge(slot, field).map_err(|error| error.within(path))
}

/// The value of a field at the end of its message: what came, or what is taken for granted.
///
/// # Errors
/// When it did not come, and nothing can be taken for granted.
#[inline]
pub fn finish<V: Value>(slot: Option<V>, path: &'static str) -> Decoded<V> {
    match slot {
        Some(value) => Ok(value),
        None => V::absent().map_err(|error| error.within(path)),
    }
}
