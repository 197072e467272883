//! Values by keys: on the wire a list of messages, the key in field 1 and the value in field 2.

use std::collections::{BTreeMap, HashMap};

use pintle_core::Pieces;

use super::{Element, Key, Value};
use crate::error::DecodeError;
use crate::schema::{Schema, Shape};
use crate::wire::{Field, WireType, key_len, put_key, put_varint, varint_len};

macro_rules! map {
    ($($map:ident)*) => {$(
        impl<K: Key, V: Element> Value for $map<K, V> {
            fn put(&self, tag: u32, to: &mut Pieces) {
                for (key, value) in self {
                    put_key(tag, WireType::Bytes, to);
                    put_varint(entry_len(key, value) as u64, to);
                    key.put_element(1, to);
                    value.put_element(2, to);
                }
            }

            fn field_len(&self, tag: u32) -> usize {
                let whole = |(key, value)| {
                    let entry = entry_len(key, value);
                    key_len(tag) + varint_len(entry as u64) + entry
                };
                self.iter().map(whole).sum()
            }

            fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError> {
                let (mut key, mut value) = (None, None);
                field.message(|tag, field| match tag {
                    1 => K::merge(&mut key, field),
                    2 => V::merge(&mut value, field),
                    _ => field.skip(),
                })?;
                let key = key.map_or_else(K::absent, Ok)?;
                let value = value.map_or_else(V::absent, Ok)?;
                slot.get_or_insert_default().insert(key, value);
                Ok(())
            }

            fn absent() -> Result<Self, DecodeError> {
                Ok(Self::new())
            }

            fn shape(schema: &mut Schema) -> Shape {
                Shape::Map(K::SCALAR, V::element_type(schema))
            }
        }
    )*};
}

map! { HashMap BTreeMap }

fn entry_len(key: &impl Element, value: &impl Element) -> usize {
    key.element_len(1) + value.element_len(2)
}
