//! The frames of `proto/flow.proto`, without any I/O.
//!
//! Written by hand because the bytes of an item pass by: they are neither copied into a message nor
//! held until the whole of it has come.

use bytes::{Buf, BufMut};
use prost::Message;
use prost::encoding::{encode_varint, encoded_len_varint};

use super::failure::Failure;

/// What stands before the bytes of an item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemHead {
    bytes: [u8; ITEM_HEAD_BYTES],
    length: usize,
}

impl ItemHead {
    /// The head of an item of so many bytes.
    pub(crate) fn of(item_bytes: usize) -> Self {
        let item_bytes = item_bytes as u64;
        let mut bytes = [0; ITEM_HEAD_BYTES];
        let mut to = &mut bytes[..];
        let field = 1 + encoded_len_varint(item_bytes) as u64 + item_bytes;
        encode_varint(field, &mut to);
        to.put_u8(ITEM as u8);
        encode_varint(item_bytes, &mut to);
        let length = ITEM_HEAD_BYTES - to.len();
        Self { bytes, length }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The longest head: two numbers and a key.
pub(crate) const ITEM_HEAD_BYTES: usize = 10 + 1 + 10;

/// The frame of an end.
pub(crate) const END_FRAME: [u8; 3] = [2, END as u8, 0];

/// The frame of a failure.
pub(crate) fn failure_frame(failure: &Failure) -> Vec<u8> {
    let length = failure.encoded_len() as u64;
    let field = 1 + encoded_len_varint(length) as u64 + length;
    let mut frame = Vec::new();
    encode_varint(field, &mut frame);
    frame.push(FAILURE as u8);
    encode_varint(length, &mut frame);
    failure.encode_raw(&mut frame);
    frame
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Head {
    /// The next bytes, so many, are an item.
    Item { length: u64 },
    /// Nothing more is to come, and it is not the whole.
    Failure(Failure),
    /// Nothing more is to come.
    End,
}

/// Takes frames apart, however they arrive.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    at: At,
    number: Varint,
    /// How many bytes of the frame are to come.
    left: u64,
    /// The frame has said what it has to say.
    said: bool,
    /// How many bytes of the frame were of unknown fields.
    skipped: u64,
}

/// What comes next.
#[derive(Debug, Default)]
enum At {
    /// A frame, beginning with its length.
    #[default]
    Frame,
    /// A field, or the end of the frame.
    Field,
    /// The length of a field.
    Length { key: u64 },
    /// The number that an unknown field is.
    UnknownNumber,
    /// The rest of an unknown field.
    Unknown { left: u64 },
    /// The rest of a failure.
    Failure { found: Vec<u8>, left: usize },
}

impl Decoder {
    /// The next thing a frame says; `None` when more bytes are needed for that.
    ///
    /// Takes what it has understood from `bytes`, but not the bytes of an item: the caller takes
    /// those before it asks again. Nothing is to be asked after an end, a failure or an error.
    pub(crate) fn next(&mut self, bytes: &mut impl Buf) -> Result<Option<Head>, Malformed> {
        loop {
            match &mut self.at {
                At::Frame => {
                    let Some(length) = self.number.take(bytes, &mut { u64::MAX })? else {
                        return Ok(None);
                    };
                    (self.left, self.said, self.skipped) = (length, false, 0);
                    self.at = At::Field;
                }
                At::Field if self.left == 0 && self.number.is_fresh() => self.at = At::Frame,
                At::Field => {
                    let before = self.left;
                    let Some(key) = self.number.take(bytes, &mut self.left)? else {
                        return Ok(None);
                    };
                    self.at = self.field(key, before - self.left)?;
                }
                At::Length { key } => {
                    let key = *key;
                    let Some(length) = self.number.take(bytes, &mut self.left)? else {
                        return Ok(None);
                    };
                    if length > self.left {
                        return Err(Malformed::Overrun);
                    }
                    match key {
                        ITEM => {
                            self.left -= length;
                            self.at = At::Field;
                            return Ok(Some(Head::Item { length }));
                        }
                        END => return Ok(Some(Head::End)),
                        FAILURE if length > MAX_FAILURE_BYTES => return Err(Malformed::Failure),
                        FAILURE => {
                            let (found, left) = (Vec::new(), length as usize);
                            self.at = At::Failure { found, left };
                        }
                        _ => self.at = self.unknown(length)?,
                    }
                }
                At::UnknownNumber => {
                    let Some(_) = self.number.take(bytes, &mut self.left)? else {
                        return Ok(None);
                    };
                    self.at = self.unknown(0)?;
                }
                At::Unknown { left } => {
                    let here = (bytes.remaining() as u64).min(*left);
                    bytes.advance(here as usize);
                    *left -= here;
                    self.left -= here;
                    if *left > 0 {
                        return Ok(None);
                    }
                    self.at = At::Field;
                }
                At::Failure { found, left } => {
                    let here = bytes.remaining().min(*left);
                    found.put(bytes.take(here));
                    *left -= here;
                    if *left > 0 {
                        return Ok(None);
                    }
                    let failure = Failure::decode(&found[..]).map_err(Malformed::Undecodable)?;
                    return Ok(Some(Head::Failure(failure)));
                }
            }
        }
    }

    /// What comes after a key that took so many bytes.
    fn field(&mut self, key: u64, key_bytes: u64) -> Result<At, Malformed> {
        if let ITEM | FAILURE | END = key {
            return match std::mem::replace(&mut self.said, true) {
                false => Ok(At::Length { key }),
                true => Err(Malformed::TwoInOne),
            };
        }
        // No field has the number zero, and those of the first three have no other type.
        if key >> 3 < 4 || key > u64::from(u32::MAX) {
            return Err(Malformed::Key { key });
        }
        self.skipped += key_bytes;
        match key & 7 {
            0 => Ok(At::UnknownNumber),
            1 => self.unknown(8),
            2 => Ok(At::Length { key }),
            5 => self.unknown(4),
            _ => Err(Malformed::Key { key }),
        }
    }

    fn unknown(&mut self, length: u64) -> Result<At, Malformed> {
        if length > self.left {
            return Err(Malformed::Overrun);
        }
        self.skipped = self.skipped.saturating_add(length);
        if self.skipped > MAX_SKIPPED_BYTES {
            return Err(Malformed::Unknown);
        }
        Ok(At::Unknown { left: length })
    }
}

/// A number that may be only half here.
#[derive(Debug, Default)]
struct Varint {
    value: u64,
    taken: u32,
}

impl Varint {
    /// The number, when the last byte of it has come. `within` is how many bytes it may take.
    fn take(&mut self, bytes: &mut impl Buf, within: &mut u64) -> Result<Option<u64>, Malformed> {
        while bytes.has_remaining() {
            *within = within.checked_sub(1).ok_or(Malformed::Overrun)?;
            let byte = bytes.get_u8();
            if self.taken == 9 && byte > 1 {
                return Err(Malformed::Number);
            }
            self.value |= u64::from(byte & 0x7f) << (7 * self.taken);
            self.taken += 1;
            if byte < 0x80 {
                return Ok(Some(std::mem::take(self).value));
            }
        }
        Ok(None)
    }

    fn is_fresh(&self) -> bool {
        self.taken == 0
    }
}

/// What arrived is no flow.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("a number in a frame has more than 64 bits")]
    Number,
    #[error("a field reaches beyond the end of its frame")]
    Overrun,
    #[error("a frame says two things")]
    TwoInOne,
    #[error("a frame has a field of the key {key}, which none can have")]
    Key { key: u64 },
    #[error("a frame has more than {MAX_SKIPPED_BYTES} bytes in unknown fields")]
    Unknown,
    #[error("a failure has more than {MAX_FAILURE_BYTES} bytes")]
    Failure,
    #[error("a failure cannot be decoded")]
    Undecodable(#[source] prost::DecodeError),
}

// The keys of the fields of `Frame`; all three are length-delimited.
const ITEM: u64 = 1 << 3 | 2;
const FAILURE: u64 = 2 << 3 | 2;
const END: u64 = 3 << 3 | 2;

/// Later versions may add fields to a frame, but not much.
const MAX_SKIPPED_BYTES: u64 = 64 * 1024;

/// The text is short by contract; what is far longer is no failure of ours.
const MAX_FAILURE_BYTES: u64 = 16 * 1024;

#[cfg(test)]
mod tests;
