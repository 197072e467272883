//! Protobuf's wire format: keys, varints and length-delimited pieces. Pure.
//!
//! Written here, and not taken from prost, because prost keeps these functions to its own derive.

use bytes::{Buf, Bytes};
use pintle_core::Pieces;

use crate::error::DecodeError;

/// How deep messages may lie within each other.
const MAX_DEPTH: u8 = 100;

/// How a field's payload is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WireType {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}

/// Appends a number, seven bits a byte.
#[inline]
pub fn put_varint(mut value: u64, to: &mut Pieces) {
    while value >= 0x80 {
        to.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    to.put_u8(value as u8);
}

/// How many bytes [`put_varint`] appends.
#[inline]
pub fn varint_len(value: u64) -> usize {
    // One byte for every seven bits, and one for zero.
    ((70 - (value | 1).leading_zeros()) / 7) as usize
}

/// Appends what comes before every field.
#[inline]
pub fn put_key(tag: u32, wire: WireType, to: &mut Pieces) {
    put_varint(u64::from(tag << 3 | wire as u32), to);
}

/// How many bytes [`put_key`] appends.
#[inline]
pub fn key_len(tag: u32) -> usize {
    varint_len(u64::from(tag << 3))
}

/// Takes a number.
#[inline]
pub(crate) fn take_varint(from: &mut Bytes) -> Result<u64, DecodeError> {
    let mut value = 0;
    for (index, byte) in from.iter().take(10).enumerate() {
        // The tenth byte has room for one bit.
        if index == 9 && *byte > 1 {
            return Err(DecodeError::new("a number has more than 64 bits"));
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            from.advance(index + 1);
            return Ok(value);
        }
    }
    Err(match from.len() {
        0..10 => DecodeError::new("it ends within a number"),
        _ => DecodeError::new("a number has more than 64 bits"),
    })
}

/// Takes so many bytes, without a copy.
pub(crate) fn take_bytes(from: &mut Bytes, length: u64) -> Result<Bytes, DecodeError> {
    match usize::try_from(length) {
        Ok(length) if length <= from.len() => Ok(from.split_to(length)),
        _ => Err(DecodeError::new("a length reaches beyond the end")),
    }
}

/// One field as it arrives: its payload has to be taken, by one of the methods.
#[derive(Debug)]
pub struct Field<'a> {
    wire: WireType,
    tag: u32,
    from: &'a mut Bytes,
    depth: u8,
}

impl<'a> Field<'a> {
    /// The payload of a field of its own, as in a packed list.
    pub(crate) fn bare(wire: WireType, from: &'a mut Bytes) -> Self {
        Self {
            wire,
            tag: 0,
            from,
            depth: 0,
        }
    }

    /// How the payload is laid out.
    pub(crate) fn wire(&self) -> WireType {
        self.wire
    }

    /// The payload as a number.
    #[inline]
    pub(crate) fn varint(self) -> Result<u64, DecodeError> {
        self.expect(WireType::Varint)?;
        take_varint(self.from)
    }

    /// The payload as four bytes.
    pub(crate) fn fixed32(self) -> Result<u32, DecodeError> {
        self.expect(WireType::Fixed32)?;
        self.from.try_get_u32_le().map_err(|_| DecodeError::short())
    }

    /// The payload as eight bytes.
    pub(crate) fn fixed64(self) -> Result<u64, DecodeError> {
        self.expect(WireType::Fixed64)?;
        self.from.try_get_u64_le().map_err(|_| DecodeError::short())
    }

    /// The payload as bytes, without a copy.
    #[inline]
    pub(crate) fn bytes(self) -> Result<Bytes, DecodeError> {
        self.expect(WireType::Bytes)?;
        let length = take_varint(self.from)?;
        take_bytes(self.from, length)
    }

    /// The payload as a message, whose fields go to `each` by number.
    pub(crate) fn message(
        self,
        each: impl FnMut(u32, Field<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH {
            return Err(DecodeError::new(
                "messages lie more than 100 deep within each other",
            ));
        }
        fields(self.bytes()?, depth, each)
    }

    /// Passes over a field of a newer peer.
    ///
    /// # Errors
    /// When the payload is cut off, or belongs to a group, which nobody sends any more.
    pub fn skip(self) -> Result<(), DecodeError> {
        match self.wire {
            WireType::Varint => take_varint(self.from).map(drop),
            WireType::Fixed64 => self.fixed64().map(drop),
            WireType::Fixed32 => self.fixed32().map(drop),
            WireType::Bytes => self.bytes().map(drop),
            WireType::StartGroup | WireType::EndGroup => Err(DecodeError::new("it has a group")),
        }
    }

    fn expect(&self, wire: WireType) -> Result<(), DecodeError> {
        if self.wire == wire {
            return Ok(());
        }
        Err(DecodeError::new(format!(
            "field {} is laid out as {:?} instead of {wire:?}",
            self.tag, self.wire
        )))
    }
}

/// Gives every field of a message to `each`.
pub(crate) fn fields(
    mut from: Bytes,
    depth: u8,
    mut each: impl FnMut(u32, Field<'_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    while !from.is_empty() {
        let key = take_varint(&mut from)?;
        let wire = match key & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::Bytes,
            3 => WireType::StartGroup,
            4 => WireType::EndGroup,
            5 => WireType::Fixed32,
            _ => return Err(DecodeError::new("a field has an unknown layout")),
        };
        let tag = u32::try_from(key >> 3).unwrap_or(0);
        if tag == 0 {
            return Err(DecodeError::new("a field has no number"));
        }
        let from = &mut from;
        each(
            tag,
            Field {
                wire,
                tag,
                from,
                depth,
            },
        )?;
    }
    Ok(())
}
