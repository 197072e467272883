use std::time::{SystemTime, UNIX_EPOCH};

/// Numbers at random that come again with the same seed: splitmix64.
pub(crate) struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// With the seed of `PINTLE_SEED`, or one of its own.
    pub(crate) fn new() -> Self {
        let seed = match std::env::var("PINTLE_SEED") {
            Ok(seed) => seed.parse().expect("PINTLE_SEED is a number"),
            Err(_) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                now.unwrap_or_default().as_nanos() as u64
            }
        };
        Self { seed, state: seed }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// A number from 0 up to, and without, `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}
