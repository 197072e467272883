//! Which ids this side has given out or claimed: a plain value.

use std::collections::HashSet;

/// The ids that somebody on this side will serve or accept on.
#[derive(Debug, Default)]
pub(super) struct Ids {
    last: u32,
    taken: HashSet<u32>,
    closed: bool,
}

/// Why an id cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Duplicate,
    Exhausted,
    Closed,
}

impl Ids {
    /// Takes the next free id.
    pub(super) fn next(&mut self) -> Result<u32, Refused> {
        // Ids begin at 1, and one of 2³² is free long before we come round.
        for _ in 0..=self.taken.len() + 1 {
            self.last = self.last.wrapping_add(1).max(1);
            match self.claim(self.last) {
                Err(Refused::Duplicate) => {}
                claimed => return claimed.map(|()| self.last),
            }
        }
        Err(Refused::Exhausted)
    }

    /// Takes an id that the other side chose.
    pub(super) fn claim(&mut self, id: u32) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        if self.taken.insert(id) {
            Ok(())
        } else {
            Err(Refused::Duplicate)
        }
    }

    /// Gives an id back.
    pub(super) fn release(&mut self, id: u32) {
        self.taken.remove(&id);
    }

    /// Gives out no more.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn count(&self) -> usize {
        self.taken.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_begin_at_one_and_are_not_given_twice() {
        let mut ids = Ids::default();
        assert_eq!([ids.next(), ids.next()], [Ok(1), Ok(2)]);
        ids.claim(3).unwrap();
        assert_eq!(ids.next(), Ok(4));
        assert_eq!(ids.claim(4), Err(Refused::Duplicate));
        ids.release(4);
        assert_eq!(ids.claim(4), Ok(()));
    }

    #[test]
    fn ids_go_round_and_skip_zero_and_those_in_use() {
        let mut ids = Ids {
            last: u32::MAX - 1,
            ..Ids::default()
        };
        ids.claim(u32::MAX).unwrap();
        ids.claim(1).unwrap();
        assert_eq!(ids.next(), Ok(2));
    }

    #[test]
    fn nothing_is_given_out_after_the_end() {
        let mut ids = Ids::default();
        ids.close();
        assert_eq!(ids.next(), Err(Refused::Closed));
        assert_eq!(ids.claim(7), Err(Refused::Closed));
        assert_eq!(ids.count(), 0);
    }
}
