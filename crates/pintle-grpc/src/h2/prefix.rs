//! What gRPC puts before each message: a flag, and the length as four bytes, big-endian.

use pintle_core::Pieces;

pub(crate) const PREFIX_BYTES: usize = 1 + LENGTH_BYTES;

const LENGTH_BYTES: usize = 4;

/// The flag of a message as it is.
pub(crate) const NOT_COMPRESSED: u8 = 0;

/// What a prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Announced {
    pub(crate) flag: u8,
    pub(crate) length: usize,
}

impl Announced {
    /// Reads the prefix that `bytes` begin with, if all of it is there.
    pub(crate) fn at_start_of(bytes: &[u8]) -> Option<Self> {
        let [flag, length @ ..] = bytes.first_chunk::<PREFIX_BYTES>()?;
        Some(Self {
            flag: *flag,
            length: u32::from_be_bytes(*length) as usize,
        })
    }
}

/// A prefix as it arrives: HTTP/2 may cut it anywhere.
#[derive(Debug, Default)]
pub(crate) struct Prefix {
    bytes: [u8; PREFIX_BYTES],
    filled: usize,
}

impl Prefix {
    /// Takes what `from` has of it: how many bytes, and what it says if that is all of it. Then the
    /// next one can be taken.
    pub(crate) fn take(&mut self, from: &[u8]) -> (usize, Option<Announced>) {
        let missing = &mut self.bytes[self.filled..];
        let step = missing.len().min(from.len());
        missing[..step].copy_from_slice(&from[..step]);
        self.filled += step;
        if self.filled < PREFIX_BYTES {
            return (step, None);
        }
        self.filled = 0;
        (step, Announced::at_start_of(&self.bytes))
    }

    /// Nothing of it has come.
    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }
}

/// A message behind its prefix, made in memory with room for so many bytes at first.
///
/// The length of one that has no place in the prefix is the largest there is: it is to be refused.
pub(crate) fn framed(room: usize, write: impl FnOnce(&mut Pieces)) -> Pieces {
    let mut frame = Pieces::with_capacity(PREFIX_BYTES + room);
    frame.put_u8(NOT_COMPRESSED);
    let length = frame.mark();
    frame.put_slice(&[0; LENGTH_BYTES]);
    write(&mut frame);
    let announced = u32::try_from(frame.len() - PREFIX_BYTES).unwrap_or(u32::MAX);
    frame.overwrite(length, &announced.to_be_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_read_however_it_is_cut_and_then_the_next() {
        let wire = [0, 0, 0, 1, 2, 1, 0, 0, 0, 7];
        for cut in 1..=wire.len() {
            let (mut prefix, mut found) = (Prefix::default(), Vec::new());
            for mut piece in wire.chunks(cut) {
                while !piece.is_empty() {
                    let (step, announced) = prefix.take(piece);
                    piece = &piece[step..];
                    found.extend(announced.map(|it| (it.flag, it.length)));
                }
            }
            assert_eq!((found, prefix.is_empty()), (vec![(0, 258), (1, 7)], true));
        }
    }
}
