//! The result of a method as a message.

use pintle_core::Pieces;

use crate::error::DecodeError;
use crate::message::Message;
use crate::schema::{Fields, Schema};
use crate::value::Value;
use crate::wire::Field;

/// The message of a method's result: nothing, as `()`, or one value.
pub trait Outcome: Message {
    /// Says which fields it has.
    fn describe(fields: &mut Fields<'_>);
}

impl Outcome for () {
    fn describe(_: &mut Fields<'_>) {}
}

/// A value that a method returned: field 1, `value`.
#[derive(Debug)]
pub struct Returned<T> {
    /// What it returned.
    pub value: T,
}

impl<T: Value> Outcome for Returned<T> {
    fn describe(fields: &mut Fields<'_>) {
        fields.field::<T>(1, "value", &[]);
    }
}

/// Its name in a `.proto` file is the method's affair, so that it has none of its own.
impl<T: Value> Message for Returned<T> {
    type Partial = Option<T>;
    const NAME: (&'static str, &'static str) = ("pintle", "result");

    fn put_fields(&self, to: &mut Pieces) {
        self.value.put(1, to);
    }

    fn fields_len(&self) -> usize {
        self.value.field_len(1)
    }

    fn merge_field(partial: &mut Option<T>, tag: u32, field: Field<'_>) -> Result<(), DecodeError> {
        match tag {
            1 => T::merge(partial, field),
            _ => field.skip(),
        }
    }

    fn finish(partial: Option<T>) -> Result<Self, DecodeError> {
        let value = partial.map_or_else(T::absent, Ok)?;
        Ok(Self { value })
    }

    fn define(_: &mut Schema) {}
}
