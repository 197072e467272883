//! A value that may be missing.

use pintle_core::Pieces;

use super::{Element, Value};
use crate::error::DecodeError;
use crate::schema::{Schema, Shape};
use crate::wire::Field;

impl<T: Element> Value for Option<T> {
    #[inline]
    fn put(&self, tag: u32, to: &mut Pieces) {
        if let Some(value) = self {
            value.put_element(tag, to);
        }
    }

    #[inline]
    fn field_len(&self, tag: u32) -> usize {
        self.as_ref().map_or(0, |value| value.element_len(tag))
    }

    #[inline]
    fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError> {
        *slot = Some(Some(T::take_element(field)?));
        Ok(())
    }

    fn absent() -> Result<Self, DecodeError> {
        Ok(None)
    }

    fn shape(schema: &mut Schema) -> Shape {
        Shape::Optional(T::element_type(schema))
    }
}
