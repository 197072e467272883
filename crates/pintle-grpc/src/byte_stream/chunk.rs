//! `pintle.Chunk` as it lies on the wire, so that its bytes are copied once.
//!
//! A chunk is written behind its gRPC prefix in one piece. It is read as it arrives: its bytes are
//! handed on before all of it has come, as a part of the memory they came in.

use bytes::{Buf, Bytes};
use prost::encoding::{encode_varint, encoded_len_varint};
use tonic::Status;

use crate::h2::{NOT_COMPRESSED, Prefix, framed};

/// The key of `bytes data = 1`.
const DATA: u8 = 1 << 3 | 2;

/// The key of `bool end = 2`.
const END: u8 = 2 << 3;

/// A number has seven bits in each byte.
const MAX_VARINT_BYTES: usize = 10;

/// A chunk with its prefix, which says that nothing follows.
pub(super) const END_FRAME: &[u8] = &[0, 0, 0, 0, 2, END, 1];

/// A chunk of `data` with its prefix.
pub(super) fn frame(data: &[u8]) -> Bytes {
    let mut length = [0; MAX_VARINT_BYTES];
    encode_varint(data.len() as u64, &mut &mut length[..]);
    let length = &length[..encoded_len_varint(data.len() as u64)];
    let frame = framed(1 + length.len() + data.len(), |to| {
        to.put_u8(DATA);
        to.put_slice(length);
        to.put_slice(data);
    });
    frame.into_bytes()
}

/// What a part of a chunk says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The next bytes; never none.
    Data(Bytes),
    /// Nothing follows in this direction.
    End,
}

/// Reads chunks, however they are cut.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    at: At,
    prefix: Prefix,
    /// How much of the chunk is to come.
    left: u64,
    /// The chunk says that it is the last.
    ends: bool,
}

#[derive(Debug, Default, Clone, Copy)]
enum At {
    #[default]
    Prefix,
    /// A number is under way: what it is for, what it is so far, and of how many bits.
    Number(Number, u64, u32),
    Data(u64),
    /// A field of a newer peer.
    Skip(u64),
}

#[derive(Debug, Clone, Copy)]
enum Number {
    Key,
    DataLength,
    End,
    SkipLength,
    Skip,
}

impl Chunks {
    /// Takes the next part off `from`; `None` when all of that is taken.
    ///
    /// # Errors
    /// A status, when it is no chunk. Nothing is to be asked then.
    pub(super) fn next(&mut self, from: &mut Bytes) -> Result<Option<Part>, Status> {
        loop {
            let between = matches!(self.at, At::Prefix) && self.prefix.is_empty();
            if between && std::mem::take(&mut self.ends) {
                return Ok(Some(Part::End));
            }
            if from.is_empty() {
                return Ok(None);
            }
            match self.at {
                At::Prefix => self.take_prefix(from)?,
                At::Number(number, so_far, bits) => {
                    let byte = self.take_byte(from)?;
                    let so_far = so_far | u64::from(byte & 0x7f) << bits;
                    match byte & 0x80 {
                        0 => self.at = self.read(number, so_far)?,
                        _ if bits >= 63 => return Err(malformed("a number has too many bits")),
                        _ => self.at = At::Number(number, so_far, bits + 7),
                    }
                    self.settle();
                }
                At::Data(length) => {
                    let data = self.take(length, from, At::Data)?;
                    if !data.is_empty() {
                        return Ok(Some(Part::Data(data)));
                    }
                }
                At::Skip(length) => drop(self.take(length, from, At::Skip)?),
            }
        }
    }

    fn take_prefix(&mut self, from: &mut Bytes) -> Result<(), Status> {
        let (step, announced) = self.prefix.take(from);
        from.advance(step);
        if let Some(announced) = announced {
            if announced.flag != NOT_COMPRESSED {
                return Err(Status::unimplemented("a chunk is compressed"));
            }
            self.left = announced.length as u64;
            self.at = At::key();
            self.settle();
        }
        Ok(())
    }

    /// What comes after a number.
    fn read(&mut self, number: Number, value: u64) -> Result<At, Status> {
        Ok(match number {
            Number::Key if value == u64::from(DATA) => At::Number(Number::DataLength, 0, 0),
            Number::Key if value == u64::from(END) => At::Number(Number::End, 0, 0),
            Number::Key => match value & 7 {
                0 => At::Number(Number::Skip, 0, 0),
                1 => At::Skip(8),
                2 => At::Number(Number::SkipLength, 0, 0),
                5 => At::Skip(4),
                _ => return Err(malformed("a field has no wire type")),
            },
            Number::DataLength | Number::SkipLength if value == 0 => At::key(),
            Number::DataLength => At::Data(value),
            Number::SkipLength => At::Skip(value),
            Number::End => {
                self.ends = value != 0;
                At::key()
            }
            Number::Skip => At::key(),
        })
    }

    /// Goes on to the next chunk when this one is over.
    fn settle(&mut self) {
        if self.left == 0 && matches!(self.at, At::Number(Number::Key, _, 0)) {
            self.at = At::Prefix;
        }
    }

    fn take_byte(&mut self, from: &mut Bytes) -> Result<u8, Status> {
        self.left = self.left.checked_sub(1).ok_or_else(too_short)?;
        Ok(from.get_u8())
    }

    /// Takes of a field what has come of it; `rest` is where to be if that is not all.
    fn take(
        &mut self,
        length: u64,
        from: &mut Bytes,
        rest: fn(u64) -> At,
    ) -> Result<Bytes, Status> {
        let left = self.left.checked_sub(length).ok_or_else(too_short)?;
        let here = from
            .len()
            .min(usize::try_from(length).unwrap_or(usize::MAX));
        let missing = length - here as u64;
        self.left = left + missing;
        self.at = match missing {
            0 => At::key(),
            _ => rest(missing),
        };
        self.settle();
        Ok(from.split_to(here))
    }
}

impl At {
    fn key() -> Self {
        Self::Number(Number::Key, 0, 0)
    }
}

fn too_short() -> Status {
    malformed("a field reaches beyond its end")
}

fn malformed(why: &str) -> Status {
    Status::internal(format!("a chunk cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::generated::pintle::Chunk;

    fn framed(message: &[u8]) -> Vec<u8> {
        let length = message.len() as u32;
        [&[0], &length.to_be_bytes()[..], message].concat()
    }

    /// All bytes, how many ends, and the error there was at last.
    fn read(wire: &[u8], cuts: &[usize]) -> (Vec<u8>, usize, Option<String>) {
        let (mut chunks, mut data, mut ends) = (Chunks::default(), Vec::new(), 0);
        let (mut rest, mut cuts) = (wire, cuts.iter().cycle());
        while !rest.is_empty() {
            let cut = (*cuts.next().unwrap()).min(rest.len());
            let mut piece = Bytes::copy_from_slice(&rest[..cut]);
            rest = &rest[cut..];
            loop {
                match chunks.next(&mut piece) {
                    Ok(Some(Part::Data(more))) => data.extend_from_slice(&more),
                    Ok(Some(Part::End)) => ends += 1,
                    Ok(None) => break,
                    Err(status) => return (data, ends, Some(status.message().to_owned())),
                }
            }
        }
        (data, ends, None)
    }

    #[test]
    fn a_frame_is_what_prost_writes() {
        for length in [1, 127, 128, 65_536] {
            let data = Bytes::from(vec![7; length]);
            let end = false;
            let chunk = Chunk {
                data: data.clone(),
                end,
            };
            assert_eq!(frame(&data), framed(&chunk.encode_to_vec()), "{length}");
        }
        let data = Bytes::new();
        let chunk = Chunk { data, end: true };
        assert_eq!(END_FRAME, framed(&chunk.encode_to_vec()));
    }

    #[test]
    fn fields_of_a_newer_peer_are_passed_over() {
        let newer = [
            &[3 << 3, 0xff, 1][..],
            // A negative number has ten bytes.
            &[7 << 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
            &[4 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8],
            &[END, 1],
            &[5 << 3 | 2, 2, 9, 9],
            &[DATA, 3, b'o', b'n', b'e'],
            &[6 << 3 | 5, 1, 2, 3, 4],
        ];
        let wire = framed(&newer.concat());
        for cut in 1..wire.len() {
            assert_eq!(read(&wire, &[cut]), (b"one".to_vec(), 1, None), "{cut}");
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        let cannot = |why: &str| Some(format!("a chunk cannot be read: {why}"));
        for (wire, expected) in [
            (vec![1, 0, 0, 0, 0], Some("a chunk is compressed".into())),
            (
                framed(&[DATA, 5, 1]),
                cannot("a field reaches beyond its end"),
            ),
            (framed(&[DATA]), None),
            (framed(&[7]), cannot("a field has no wire type")),
            (framed(&[0xff; 12]), cannot("a number has too many bits")),
        ] {
            assert_eq!(read(&wire, &[3]).2, expected, "{wire:?}");
        }
        let cut_in_a_length = [framed(&[DATA]), framed(&[])].concat();
        let found = read(&cut_in_a_length, &[100]).2;
        assert_eq!(found, cannot("a field reaches beyond its end"));
    }

    proptest! {
        #[test]
        fn what_prost_writes_is_read_however_it_is_cut(
            chunks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), any::<bool>()), 0..6),
            cuts in prop::collection::vec(1_usize..50, 1..6),
        ) {
            let (mut wire, mut data, mut ends) = (Vec::new(), Vec::new(), 0);
            for (bytes, end) in chunks {
                data.extend_from_slice(&bytes);
                ends += usize::from(end);
                let chunk = Chunk { data: bytes.into(), end };
                wire.extend(framed(&chunk.encode_to_vec()));
            }
            prop_assert_eq!(read(&wire, &cuts), (data, ends, None));
        }

        #[test]
        fn whatever_a_peer_sends_is_read_or_refused(
            wire in prop::collection::vec(any::<u8>(), 0..200),
            cuts in prop::collection::vec(1_usize..50, 1..6),
        ) {
            let (data, _, _) = read(&wire, &cuts);
            prop_assert!(data.len() <= wire.len());
        }
    }
}
