//! Numbers and `bool`.

use bytes::Bytes;
use pintle_core::Pieces;

use super::{Element, Key, Value};
use crate::error::DecodeError;
use crate::schema::{Scalar, Schema, Shape, Type};
use crate::wire::{Field, WireType, key_len, put_key, put_varint, varint_len};

/// A number, by how it is written and read.
trait Number: Copy + PartialEq + Default {
    const SCALAR: Scalar;
    const WIRE: WireType;

    /// Whether a reader takes it for granted.
    #[inline]
    fn is_zero(self) -> bool {
        self == Self::default()
    }

    fn put_bare(self, to: &mut Pieces);
    fn bare_len(self) -> usize;
    fn take_bare(field: Field<'_>) -> Result<Self, DecodeError>;
}

macro_rules! varint {
    ($($type:ident, $scalar:ident, $wide:ty, $key:tt;)*) => {$(
        impl Number for $type {
            const SCALAR: Scalar = Scalar::$scalar;
            const WIRE: WireType = WireType::Varint;

            #[inline]
            fn put_bare(self, to: &mut Pieces) {
                // Negative numbers have ten bytes: protobuf extends their sign to 64 bits.
                put_varint(<$wide>::from(self) as u64, to);
            }

            #[inline]
            fn bare_len(self) -> usize {
                varint_len(<$wide>::from(self) as u64)
            }

            #[inline]
            fn take_bare(field: Field<'_>) -> Result<Self, DecodeError> {
                let number = field.varint()? as $wide;
                narrow(number, concat!("a number is beyond ", stringify!($type)))
            }
        }

        number!($type);
        key!($key, $type);
    )*};
}

macro_rules! float {
    ($($type:ident, $scalar:ident, $wire:ident, $take:ident;)*) => {$(
        impl Number for $type {
            const SCALAR: Scalar = Scalar::$scalar;
            const WIRE: WireType = WireType::$wire;

            /// The negative zero is another number.
            fn is_zero(self) -> bool {
                self.to_bits() == 0
            }

            fn put_bare(self, to: &mut Pieces) {
                to.put_slice(&self.to_le_bytes());
            }

            fn bare_len(self) -> usize {
                size_of::<$type>()
            }

            fn take_bare(field: Field<'_>) -> Result<Self, DecodeError> {
                field.$take().map(Self::from_bits)
            }
        }

        number!($type);
    )*};
}

macro_rules! number {
    ($type:ident) => {
        impl Value for $type {
            #[inline]
            fn put(&self, tag: u32, to: &mut Pieces) {
                if !self.is_zero() {
                    self.put_element(tag, to);
                }
            }

            #[inline]
            fn field_len(&self, tag: u32) -> usize {
                match self.is_zero() {
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

        impl Element for $type {
            #[inline]
            fn put_element(&self, tag: u32, to: &mut Pieces) {
                put_key(tag, Self::WIRE, to);
                self.put_bare(to);
            }

            #[inline]
            fn element_len(&self, tag: u32) -> usize {
                key_len(tag) + self.bare_len()
            }

            #[inline]
            fn take_element(field: Field<'_>) -> Result<Self, DecodeError> {
                Self::take_bare(field)
            }

            fn element_type(_: &mut Schema) -> Type {
                Type::Scalar(<Self as Number>::SCALAR)
            }

            fn put_list(list: &[Self], tag: u32, to: &mut Pieces) {
                put_packed(list, tag, to);
            }

            fn list_len(list: &[Self], tag: u32) -> usize {
                packed_len(list, tag)
            }

            fn merge_list(list: &mut Vec<Self>, field: Field<'_>) -> Result<(), DecodeError> {
                merge_packed(list, field)
            }
        }
    };
}

macro_rules! key {
    (key, $type:ident) => {
        impl Key for $type {
            const SCALAR: Scalar = <Self as Number>::SCALAR;
        }
    };
    (_, $type:ident) => {};
}

varint! {
    i32, Int32, i64, key;
    i64, Int64, i64, key;
    u32, Uint32, u64, key;
    u64, Uint64, u64, key;
    i8, Int32, i64, key;
    i16, Int32, i64, key;
    u16, Uint32, u64, key;
}

float! {
    f32, Float, Fixed32, fixed32;
    f64, Double, Fixed64, fixed64;
}

impl Number for bool {
    const SCALAR: Scalar = Scalar::Bool;
    const WIRE: WireType = WireType::Varint;

    fn put_bare(self, to: &mut Pieces) {
        to.put_u8(self.into());
    }

    fn bare_len(self) -> usize {
        1
    }

    fn take_bare(field: Field<'_>) -> Result<Self, DecodeError> {
        Ok(field.varint()? != 0)
    }
}

number!(bool);
key!(key, bool);

pub(super) fn narrow<W, N: TryFrom<W>>(wide: W, error: &'static str) -> Result<N, DecodeError> {
    N::try_from(wide).map_err(|_| DecodeError::new(error))
}

fn put_packed<N: Number>(list: &[N], tag: u32, to: &mut Pieces) {
    if list.is_empty() {
        return;
    }
    put_key(tag, WireType::Bytes, to);
    put_varint(bare_len(list) as u64, to);
    for number in list {
        number.put_bare(to);
    }
}

fn packed_len<N: Number>(list: &[N], tag: u32) -> usize {
    match bare_len(list) {
        0 => 0,
        bare => key_len(tag) + varint_len(bare as u64) + bare,
    }
}

fn bare_len<N: Number>(list: &[N]) -> usize {
    list.iter().map(|number| number.bare_len()).sum()
}

/// A list of numbers comes in one piece or one by one; a reader takes both.
fn merge_packed<N: Number>(list: &mut Vec<N>, field: Field<'_>) -> Result<(), DecodeError> {
    if field.wire() != WireType::Bytes {
        list.push(N::take_bare(field)?);
        return Ok(());
    }
    let mut packed: Bytes = field.bytes()?;
    while !packed.is_empty() {
        list.push(N::take_bare(Field::bare(N::WIRE, &mut packed))?);
    }
    Ok(())
}
