//! Bytes to be sent: short ones gathered, long ones where they lie.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

/// From this length on it costs less to send bytes from where they lie than to copy them first.
const LONG_BYTES: usize = 16 * 1024;

/// What a message is written into, and sent from.
///
/// Bytes are copied behind what was written before, but for a [`Bytes`] that is long: that is kept
/// as it is. Whoever sends them reads them as a [`Buf`], in the order in which they were written.
///
/// What is written stays as it is until it is [cleared](Self::clear), so that memory is used again.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    /// All that is short, in order.
    short: BytesMut,
    /// How much of it was read.
    read: usize,
    /// All that is long and was not read, each with its place among the short ones.
    long: VecDeque<(usize, Bytes)>,
    /// The bytes of all that is long and was not read.
    long_bytes: usize,
}

/// A place between what was written before and after.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    short: usize,
    long: usize,
    long_bytes: usize,
}

impl Pieces {
    /// With room for so many short bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            short: BytesMut::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// How many bytes were not read yet.
    pub fn len(&self) -> usize {
        self.short.len() - self.read + self.long_bytes
    }

    /// Whether all was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much memory it keeps for short bytes.
    pub fn capacity(&self) -> usize {
        self.short.capacity()
    }

    /// Makes room for a message of so many bytes. A long one may turn out to be one that lies
    /// elsewhere, so no more is made than a short one needs.
    pub fn reserve(&mut self, bytes: usize) {
        self.short.reserve(bytes.min(LONG_BYTES));
    }

    /// Appends one byte.
    #[inline]
    pub fn put_u8(&mut self, byte: u8) {
        bytes::BufMut::put_u8(&mut self.short, byte);
    }

    /// Appends a copy.
    #[inline]
    pub fn put_slice(&mut self, bytes: &[u8]) {
        self.short.extend_from_slice(bytes);
    }

    /// Appends bytes, without a copy if they are many.
    #[inline]
    pub fn put_bytes(&mut self, bytes: &Bytes) {
        if bytes.len() < LONG_BYTES {
            return self.put_slice(bytes);
        }
        self.long_bytes += bytes.len();
        self.long.push_back((self.short.len(), bytes.clone()));
    }

    /// This place. It means nothing any more once something was read.
    pub fn mark(&self) -> Mark {
        Mark {
            short: self.short.len(),
            long: self.long.len(),
            long_bytes: self.long_bytes,
        }
    }

    /// How many bytes were written after `mark`.
    pub fn since(&self, mark: Mark) -> usize {
        self.short.len() - mark.short + self.long_bytes - mark.long_bytes
    }

    /// Writes over the copied bytes that come right after `mark`.
    ///
    /// # Panics
    /// When fewer were copied there.
    pub fn overwrite(&mut self, mark: Mark, bytes: &[u8]) {
        self.short[mark.short..mark.short + bytes.len()].copy_from_slice(bytes);
    }

    /// Takes back what was written after `mark`.
    pub fn truncate(&mut self, mark: Mark) {
        self.short.truncate(mark.short);
        self.long.truncate(mark.long);
        self.long_bytes = mark.long_bytes;
    }

    /// Empties it, and keeps its memory.
    pub fn clear(&mut self) {
        self.short.clear();
        self.read = 0;
        self.long.clear();
        self.long_bytes = 0;
    }

    /// Everything that was not read, as one; copied if there is anything long.
    pub fn into_bytes(mut self) -> Bytes {
        if self.long.is_empty() {
            return self.short.split_off(self.read).freeze();
        }
        let length = self.len();
        self.copy_to_bytes(length)
    }
}

impl From<Bytes> for Pieces {
    fn from(bytes: Bytes) -> Self {
        let mut pieces = Self::default();
        match bytes.len() {
            0..LONG_BYTES => pieces.short = bytes.into(),
            _ => pieces.put_bytes(&bytes),
        }
        pieces
    }
}

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.len()
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        match self.long.front() {
            None => &self.short[self.read..],
            Some((place, bytes)) if *place == self.read => bytes,
            Some((place, _)) => &self.short[self.read..*place],
        }
    }

    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        let (mut filled, mut at) = (0, self.read);
        let mut put = |bytes: &'a [u8]| match to.get_mut(filled) {
            Some(slice) if !bytes.is_empty() => {
                *slice = IoSlice::new(bytes);
                filled += 1;
            }
            _ => {}
        };
        for (place, bytes) in &self.long {
            put(&self.short[at..*place]);
            put(bytes);
            at = *place;
        }
        put(&self.short[at..]);
        filled
    }

    fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let here = count.min(self.chunk().len());
            assert!(here > 0, "fewer bytes are left than were read");
            count -= here;
            match self.long.front_mut() {
                Some((place, bytes)) if *place == self.read => {
                    bytes.advance(here);
                    self.long_bytes -= here;
                    if bytes.is_empty() {
                        self.long.pop_front();
                    }
                }
                _ => self.read += here,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn long(byte: u8) -> Bytes {
        Bytes::from(vec![byte; LONG_BYTES])
    }

    #[test]
    fn what_is_long_is_sent_from_where_it_lies() {
        let payload = long(7);
        let mut pieces = Pieces::default();
        pieces.put_slice(b"head");
        pieces.put_bytes(&payload);
        pieces.put_bytes(&Bytes::from_static(b"tail"));
        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(pieces.chunks_vectored(&mut slices), 3);
        assert_eq!(&slices[0][..], b"head");
        assert_eq!(slices[1].as_ptr(), payload.as_ptr());
        assert_eq!(&slices[2][..], b"tail");
        assert_eq!(pieces.len(), LONG_BYTES + 8);
    }

    #[test]
    fn a_length_is_written_once_it_is_known() {
        let mut pieces = Pieces::default();
        pieces.put_slice(b"before");
        let mark = pieces.mark();
        pieces.put_slice(b"????");
        pieces.put_bytes(&long(1));
        let length = pieces.since(mark) as u32;
        pieces.overwrite(mark, &length.to_be_bytes());
        let bytes = pieces.into_bytes();
        assert_eq!(bytes[6..10], (LONG_BYTES as u32 + 4).to_be_bytes());
    }

    #[test]
    fn what_is_taken_back_leaves_nothing() {
        let mut pieces = Pieces::default();
        pieces.put_slice(b"kept");
        let mark = pieces.mark();
        pieces.put_slice(b"not");
        pieces.put_bytes(&long(1));
        pieces.truncate(mark);
        assert_eq!(pieces.into_bytes(), b"kept"[..]);
    }

    #[test]
    fn room_is_made_for_what_is_short_alone() {
        let mut pieces = Pieces::default();
        pieces.reserve(1 << 30);
        assert!(pieces.capacity() <= 2 * LONG_BYTES);
    }

    proptest! {
        #[test]
        fn what_comes_out_is_what_went_in_however_it_is_read(
            written in prop::collection::vec((any::<u8>(), any::<bool>(), 0_usize..5), 0..8),
            steps in prop::collection::vec(1_usize..40_000, 1..8),
        ) {
            let (mut pieces, mut expected) = (Pieces::default(), Vec::new());
            for (byte, is_long, extra) in written {
                let length = if is_long { LONG_BYTES + extra } else { extra };
                let bytes = Bytes::from(vec![byte; length]);
                pieces.put_bytes(&bytes);
                expected.extend_from_slice(&bytes);
            }
            prop_assert_eq!(pieces.clone().into_bytes(), &expected[..]);
            let (mut came, mut steps) = (Vec::new(), steps.iter().cycle());
            while pieces.has_remaining() {
                let step = (*steps.next().unwrap()).min(pieces.remaining());
                let mut slices = [IoSlice::new(&[]); 16];
                let count = pieces.chunks_vectored(&mut slices);
                let all: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter()).copied().collect();
                prop_assert!(all.starts_with(pieces.chunk()));
                came.extend_from_slice(&all[..step]);
                pieces.advance(step);
            }
            prop_assert_eq!(came, expected);
        }
    }
}
