//! Much output that both ends know, byte for byte.

/// How much lies between two numbers of a flood; odd, so that every cut falls elsewhere.
const BLOCK_BYTES: usize = 61_447;

/// A stream of bytes of every value that never repeats: blocks of noise, each with its number.
#[derive(Clone, Debug)]
pub struct Flood {
    block: Vec<u8>,
    at: u64,
}

impl Flood {
    /// From its beginning; another seed makes another stream.
    pub fn new(seed: u32) -> Self {
        Self {
            block: noise(seed, BLOCK_BYTES),
            at: 0,
        }
    }

    /// The next bytes.
    pub fn next(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let (number, within) = (self.at / BLOCK_BYTES as u64, self.at % BLOCK_BYTES as u64);
            let within = within as usize;
            self.block[..8].copy_from_slice(&number.to_le_bytes());
            let end = BLOCK_BYTES.min(within + length - bytes.len());
            bytes.extend_from_slice(&self.block[within..end]);
            self.at += (end - within) as u64;
        }
        bytes
    }

    /// How many bytes have come so far.
    pub fn bytes(&self) -> u64 {
        self.at
    }
}

/// Bytes of every value, never the same twice in a row, different for each seed.
pub fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(&mut next)
        .take(length.div_ceil(4))
        .flatten()
        .collect();
    bytes.truncate(length);
    bytes
}
