//! Any number of values.

use pintle_core::Pieces;

use super::{Element, Value};
use crate::error::DecodeError;
use crate::schema::{Schema, Shape};
use crate::wire::Field;

impl<T: Element> Value for Vec<T> {
    #[inline]
    fn put(&self, tag: u32, to: &mut Pieces) {
        T::put_list(self, tag, to);
    }

    #[inline]
    fn field_len(&self, tag: u32) -> usize {
        T::list_len(self, tag)
    }

    #[inline]
    fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError> {
        T::merge_list(slot.get_or_insert_default(), field)
    }

    fn absent() -> Result<Self, DecodeError> {
        Ok(Self::new())
    }

    fn shape(schema: &mut Schema) -> Shape {
        T::list_shape(schema)
    }
}
