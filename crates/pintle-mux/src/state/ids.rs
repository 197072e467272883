//! Which ids the peer has used already.

/// Remembers every id of one parity: the last [`REMEMBERED`] exactly, all older ones as used.
///
/// Ids need not arrive in order, because an implementation that opens streams from several threads
/// may send a later id first; but none may come twice.
#[derive(Debug)]
pub(crate) struct UsedIds {
    /// Ordinal of the newest id, counted from 1; ids 1 and 2 are both the first of their parity.
    newest: u32,
    /// Bit `n` is set when the id with ordinal `newest - n` was used.
    recent: [u64; REMEMBERED as usize / 64],
}

/// How far behind the newest id another may arrive.
const REMEMBERED: u32 = 1024;

impl UsedIds {
    pub(crate) fn new() -> Self {
        Self {
            newest: 0,
            recent: [0; REMEMBERED as usize / 64],
        }
    }

    /// Takes an id into use; false if it was used before, or is so old that it must have been.
    pub(crate) fn use_once(&mut self, id: u32) -> bool {
        let ordinal = id.div_ceil(2);
        if ordinal > self.newest {
            self.advance(ordinal - self.newest);
            self.newest = ordinal;
            self.recent[0] |= 1;
            return true;
        }
        let behind = self.newest - ordinal;
        if behind >= REMEMBERED {
            return false;
        }
        let (word, bit) = ((behind / 64) as usize, 1 << (behind % 64));
        let fresh = self.recent[word] & bit == 0;
        self.recent[word] |= bit;
        fresh
    }

    /// Makes room for newer ids by moving every remembered one back.
    fn advance(&mut self, by: u32) {
        if by >= REMEMBERED {
            self.recent = [0; REMEMBERED as usize / 64];
            return;
        }
        let (words, bits) = ((by / 64) as usize, by % 64);
        for at in (0..self.recent.len()).rev() {
            let low = |i: usize| at.checked_sub(i).map_or(0, |from| self.recent[from]);
            self.recent[at] = match bits {
                0 => low(words),
                _ => low(words) << bits | low(words + 1) >> (64 - bits),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn an_id_older_than_memory_counts_as_used() {
        let mut ids = UsedIds::new();
        assert!(ids.use_once(1 + 2 * REMEMBERED));
        assert!(!ids.use_once(1));
        assert!(ids.use_once(3));
    }

    proptest! {
        #[test]
        fn within_memory_each_id_is_fresh_exactly_once(
            ordinals in proptest::collection::vec(1..=REMEMBERED, 0..400),
            parity in 0..=1u32,
        ) {
            let (mut ids, mut model) = (UsedIds::new(), HashSet::new());
            for ordinal in ordinals {
                let id = 2 * ordinal - parity;
                prop_assert_eq!(ids.use_once(id), model.insert(id));
            }
        }
    }
}
