//! Texts and bytes.

use bytes::Bytes;
use pintle_core::Pieces;

use super::{Element, Key, Value};
use crate::error::DecodeError;
use crate::schema::{Scalar, Schema, Shape, Type};
use crate::wire::{Field, WireType, key_len, put_key, put_varint, varint_len};

macro_rules! value {
    ($($type:ty)*) => {$(
        impl Value for $type {
            #[inline]
            fn put(&self, tag: u32, to: &mut Pieces) {
                if !self.is_empty() {
                    self.put_element(tag, to);
                }
            }

            #[inline]
            fn field_len(&self, tag: u32) -> usize {
                match self.is_empty() {
                    true => 0,
                    false => self.element_len(tag),
                }
            }

            #[inline]
            fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError> {
                *slot = Some(Self::take_element(field)?);
                Ok(())
            }

            fn absent() -> Result<Self, DecodeError> {
                Ok(Self::default())
            }

            fn shape(schema: &mut Schema) -> Shape {
                Shape::One(Self::element_type(schema))
            }
        }
    )*};
}

macro_rules! element {
    ($($type:ty, $scalar:ident, $put:expr, $take:expr;)*) => {$(
        impl Element for $type {
            #[inline]
            fn put_element(&self, tag: u32, to: &mut Pieces) {
                put_key(tag, WireType::Bytes, to);
                put_varint(<[u8]>::len(self.as_ref()) as u64, to);
                let put: fn(&mut Pieces, &Self) = $put;
                put(to, self);
            }

            #[inline]
            fn element_len(&self, tag: u32) -> usize {
                let length = <[u8]>::len(self.as_ref());
                key_len(tag) + varint_len(length as u64) + length
            }

            #[inline]
            fn take_element(field: Field<'_>) -> Result<Self, DecodeError> {
                let take: fn(Bytes) -> Result<Self, DecodeError> = $take;
                take(field.bytes()?)
            }

            fn element_type(_: &mut Schema) -> Type {
                Type::Scalar(Scalar::$scalar)
            }
        }
    )*};
}

value! { String Bytes }

// Of a `Vec<u8>` the list says how it is a value: it is a list of bytes.
element! {
    String, String, |to, text| to.put_slice(text.as_bytes()), |bytes| {
        String::from_utf8(owned(bytes)).map_err(|_| DecodeError::new("a text is not UTF-8"))
    };
    Vec<u8>, Bytes, |to, bytes| to.put_slice(bytes), |bytes| Ok(owned(bytes));
    Bytes, Bytes, |to, bytes| to.put_bytes(bytes), Ok;
}

/// A piece of a message as memory of its own.
///
/// The last piece of a message is given the message's whole memory, which a peer can make as large
/// as it likes beside a text of one letter; so what is not needed is given back.
pub(super) fn owned(piece: Bytes) -> Vec<u8> {
    let mut own = Vec::from(piece);
    if own.capacity() / 2 > own.len() {
        own.shrink_to_fit();
    }
    own
}

impl Key for String {
    const SCALAR: Scalar = Scalar::String;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    #[test]
    fn a_short_text_does_not_keep_the_message_it_came_in() {
        let mut message = Pieces::default();
        vec![0_u8; 1024 * 1024].put_element(1, &mut message);
        "short".to_owned().put_element(2, &mut message);
        vec![1_u8].put_element(3, &mut message);
        let (mut text, mut bytes) = (None, None);
        wire::fields(message.into_bytes(), 0, |tag, field| match tag {
            2 => String::merge(&mut text, field),
            3 => Vec::<u8>::merge(&mut bytes, field),
            _ => field.skip(),
        })
        .unwrap();
        assert!(text.unwrap().capacity() < 64);
        assert!(bytes.unwrap().capacity() < 64);
    }
}
