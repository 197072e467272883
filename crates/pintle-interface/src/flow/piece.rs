//! Memory for bytes that pass through.

use super::frame::{ITEM_HEAD_BYTES, ItemHead};

/// One piece of a flow, used again for the next.
///
/// It begins small, because most flows are, and grows while pieces fill it.
/// Before the bytes is room for the head of a frame, so that both leave in one
/// write over any transport.
#[derive(Debug)]
pub(crate) struct Piece {
    bytes: Vec<u8>,
    filled: usize,
}

impl Piece {
    pub(crate) fn new() -> Self {
        Self {
            bytes: vec![0; ITEM_HEAD_BYTES + FIRST_BYTES],
            filled: 0,
        }
    }

    /// Where the next piece goes.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let room = self.bytes.len() - ITEM_HEAD_BYTES;
        if self.filled == room && room < MAX_PIECE_BYTES {
            let room = (room * 2).min(MAX_PIECE_BYTES);
            self.bytes.resize(ITEM_HEAD_BYTES + room, 0);
        }
        &mut self.bytes[ITEM_HEAD_BYTES..]
    }

    /// So many bytes of the room are now the piece.
    pub(crate) fn fill(&mut self, filled: usize) {
        self.filled = filled;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[ITEM_HEAD_BYTES..][..self.filled]
    }

    /// The piece as a frame.
    pub(crate) fn as_frame(&mut self) -> &[u8] {
        let head = ItemHead::of(self.filled);
        let head = head.as_bytes();
        let start = ITEM_HEAD_BYTES - head.len();
        self.bytes[start..ITEM_HEAD_BYTES].copy_from_slice(head);
        &self.bytes[start..ITEM_HEAD_BYTES + self.filled]
    }
}

/// The most bytes that we put into one item: with its head, no more than goes into one frame of a
/// multiplexer.
pub(crate) const MAX_PIECE_BYTES: usize = 256 * 1024 - ITEM_HEAD_BYTES;

const FIRST_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_doubles_while_it_is_filled_and_no_further_than_the_largest_piece() {
        let mut piece = Piece::new();
        let mut rooms = Vec::new();
        for _ in 0..7 {
            let room = piece.room().len();
            piece.fill(room);
            rooms.push(room / 1024);
        }
        assert_eq!(rooms, [8, 16, 32, 64, 128, 255, 255]);
        piece.fill(10);
        assert_eq!(piece.room().len(), MAX_PIECE_BYTES);
    }

    #[test]
    fn a_frame_is_the_head_and_the_bytes_in_one() {
        let mut piece = Piece::new();
        piece.room()[..5].copy_from_slice(b"hello");
        piece.fill(5);
        assert_eq!(piece.bytes(), b"hello");
        assert_eq!(piece.as_frame(), b"\x07\x0a\x05hello");
    }
}
