//! A byte: alone it is a number, and a list of them is protobuf's `bytes`.

use bytes::Bytes;
use pintle_core::Pieces;

use super::scalar::narrow;
use super::text::owned;
use super::{Element, Value};
use crate::error::DecodeError;
use crate::schema::{Schema, Shape, Type};
use crate::wire::{Field, WireType, key_len, put_key, put_varint, varint_len};

impl Value for u8 {
    fn put(&self, tag: u32, to: &mut Pieces) {
        u32::from(*self).put(tag, to);
    }

    fn field_len(&self, tag: u32) -> usize {
        u32::from(*self).field_len(tag)
    }

    fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError> {
        *slot = Some(Self::take_element(field)?);
        Ok(())
    }

    fn absent() -> Result<Self, DecodeError> {
        Ok(0)
    }

    fn shape(schema: &mut Schema) -> Shape {
        u32::shape(schema)
    }
}

impl Element for u8 {
    fn put_element(&self, tag: u32, to: &mut Pieces) {
        u32::from(*self).put_element(tag, to);
    }

    fn element_len(&self, tag: u32) -> usize {
        u32::from(*self).element_len(tag)
    }

    fn take_element(field: Field<'_>) -> Result<Self, DecodeError> {
        narrow(u32::take_element(field)?, "a number is beyond u8")
    }

    fn element_type(schema: &mut Schema) -> Type {
        u32::element_type(schema)
    }

    #[inline]
    fn put_list(list: &[Self], tag: u32, to: &mut Pieces) {
        if !list.is_empty() {
            put_key(tag, WireType::Bytes, to);
            put_varint(list.len() as u64, to);
            to.put_slice(list);
        }
    }

    #[inline]
    fn list_len(list: &[Self], tag: u32) -> usize {
        match list.len() {
            0 => 0,
            length => key_len(tag) + varint_len(length as u64) + length,
        }
    }

    /// Bytes come at once: what came before under the same number is replaced.
    #[inline]
    fn merge_list(list: &mut Vec<Self>, field: Field<'_>) -> Result<(), DecodeError> {
        *list = owned(field.bytes()?);
        Ok(())
    }

    fn list_shape(schema: &mut Schema) -> Shape {
        Shape::One(Bytes::element_type(schema))
    }
}
