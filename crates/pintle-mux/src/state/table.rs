//! Streams by id.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use super::stream::StreamState;

/// A stream is looked up several times for each frame, so the hash is one multiplication. A peer
/// that picks ids to collide makes lookups slow in proportion to
/// [`max_streams`](crate::Config::max_streams), its own among them, and gains nothing.
pub(super) type Table = HashMap<u32, StreamState, Spread>;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread;

#[derive(Debug)]
pub(super) struct SpreadHasher(u64);

impl BuildHasher for Spread {
    type Hasher = SpreadHasher;

    fn build_hasher(&self) -> SpreadHasher {
        SpreadHasher(0)
    }
}

impl Hasher for SpreadHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        // The odd constant nearest 2⁶⁴ divided by the golden ratio spreads neighbours far apart.
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
