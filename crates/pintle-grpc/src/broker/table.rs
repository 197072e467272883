//! Who accepts and who dials which id: a value without sockets or clocks.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use pintle_core::Address;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::announced::Announcements;

/// The ids of one side of a session.
///
/// What this side accepts and what it dials are apart: the other side may
/// announce a number that this side accepts, too.
#[derive(Debug, Default)]
pub(super) struct Table {
    last: u32,
    accepted: HashSet<u32>,
    /// Somebody here dials, and the other side has not yet announced.
    waiting: HashMap<u32, oneshot::Sender<Address>>,
    /// The other way round.
    announced: Announcements,
    closed: bool,
}

/// What a dial has to do next.
#[derive(Debug)]
pub(super) enum Dialled {
    /// Connect there.
    Connect(Address),
    /// Wait for the announcement.
    Wait(oneshot::Receiver<Address>),
}

/// Why an id cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is being used for the same.
    Duplicate,
    /// There are too many.
    TooMany,
    /// The session has ended.
    Closed,
}

impl Table {
    /// Takes the next free id to accept on.
    pub(super) fn next(&mut self) -> Result<u32, Refused> {
        // Ids begin at 1, and one of 2³² is free long before we come round.
        for _ in 0..=self.accepted.len() + 1 {
            self.last = self.last.wrapping_add(1).max(1);
            match self.claim(self.last) {
                Err(Refused::Duplicate) => {}
                claimed => return claimed.map(|()| self.last),
            }
        }
        Err(Refused::TooMany)
    }

    /// Takes an id that the other side chose, to accept on.
    pub(super) fn claim(&mut self, id: u32) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        if self.accepted.insert(id) {
            Ok(())
        } else {
            Err(Refused::Duplicate)
        }
    }

    /// Gives an id back.
    pub(super) fn release(&mut self, id: u32) {
        self.accepted.remove(&id);
    }

    /// The other side accepts `id` at `address`, which counts for so long.
    pub(super) fn announce(
        &mut self,
        id: u32,
        address: Address,
        now: Instant,
        counts_for: Duration,
    ) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        let unheard = match self.waiting.remove(&id) {
            // Who waited may have given up just now, and may dial again.
            Some(waiter) => waiter.send(address).err(),
            None => Some(address),
        };
        if let Some(address) = unheard {
            self.announced.put(id, address, now, counts_for);
        }
        Ok(())
    }

    /// Begins to dial `id`.
    pub(super) fn dial(&mut self, id: u32, now: Instant) -> Result<Dialled, Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        if let Some(address) = self.announced.take(id, now) {
            return Ok(Dialled::Connect(address));
        }
        if self.waits(id) {
            return Err(Refused::Duplicate);
        }
        let (waiter, announced) = oneshot::channel();
        self.waiting.insert(id, waiter);
        Ok(Dialled::Wait(announced))
    }

    /// Clears away a dial that nobody waits for any more; another may wait by now.
    pub(super) fn give_up(&mut self, id: u32) {
        if !self.waits(id) {
            self.waiting.remove(&id);
        }
    }

    /// Drops what a host announced that is gone.
    pub(super) fn forget_announced(&mut self) {
        self.announced.clear();
    }

    /// Ends everything: who waits hears of it, who comes later is refused.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.waiting.clear();
        self.announced.clear();
    }

    /// Whether somebody dials `id` and waits for its announcement.
    fn waits(&self, id: u32) -> bool {
        self.waiting
            .get(&id)
            .is_some_and(|waiter| !waiter.is_closed())
    }

    #[cfg(any(test, pintle_fuzzing))]
    pub(super) fn is_empty(&self) -> bool {
        self.accepted.is_empty() && self.waiting.is_empty() && self.announced.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn address(port: u16) -> Address {
        Address::Tcp(([127, 0, 0, 1], port).into())
    }

    #[test]
    fn ids_begin_at_one_and_are_not_given_twice() {
        let mut table = Table::default();
        assert_eq!([table.next(), table.next()], [Ok(1), Ok(2)]);
        table.claim(3).unwrap();
        assert_eq!(table.next(), Ok(4));
        assert_eq!(table.claim(4), Err(Refused::Duplicate));
        table.release(4);
        assert_eq!(table.claim(4), Ok(()));
    }

    #[test]
    fn ids_go_round_and_skip_zero_and_those_in_use() {
        let mut table = Table {
            last: u32::MAX - 1,
            ..Table::default()
        };
        table.claim(u32::MAX).unwrap();
        table.claim(1).unwrap();
        assert_eq!(table.next(), Ok(2));
    }

    #[test]
    fn an_early_announcement_waits_for_its_dial() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.announce(7, address(1), now, MINUTE).unwrap();
        assert!(matches!(table.dial(7, now), Ok(Dialled::Connect(to)) if to == address(1)));
        assert!(table.is_empty());
    }

    #[test]
    fn what_a_host_announced_that_is_gone_is_dialled_no_more() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.announce(7, address(1), now, MINUTE).unwrap();
        table.forget_announced();
        assert!(matches!(table.dial(7, now), Ok(Dialled::Wait(_))));
    }

    #[test]
    fn an_early_dial_waits_for_its_announcement() {
        let (mut table, now) = (Table::default(), Instant::now());
        let Ok(Dialled::Wait(mut announced)) = table.dial(7, now) else {
            panic!("it should wait")
        };
        assert_eq!(table.dial(7, now).unwrap_err(), Refused::Duplicate);
        table.announce(7, address(1), now, MINUTE).unwrap();
        assert_eq!(announced.try_recv(), Ok(address(1)));
        assert!(table.is_empty());
    }

    #[test]
    fn an_announcement_that_comes_as_the_dial_is_given_up_waits_for_the_next() {
        let (mut table, now) = (Table::default(), Instant::now());
        drop(table.dial(7, now).unwrap());
        table.announce(7, address(1), now, MINUTE).unwrap();
        table.give_up(7);
        assert!(matches!(table.dial(7, now), Ok(Dialled::Connect(to)) if to == address(1)));
        assert!(table.is_empty());
    }

    #[test]
    fn a_dial_given_up_does_not_take_the_next_one_with_it() {
        let (mut table, now) = (Table::default(), Instant::now());
        drop(table.dial(7, now).unwrap());
        let Ok(Dialled::Wait(mut announced)) = table.dial(7, now) else {
            panic!("it should wait")
        };
        table.give_up(7);
        table.announce(7, address(1), now, MINUTE).unwrap();
        assert_eq!(announced.try_recv(), Ok(address(1)));
        assert!(table.is_empty());
    }

    #[test]
    fn ten_thousand_dials_given_up_leave_nothing() {
        let (mut table, now) = (Table::default(), Instant::now());
        for id in 0..10_000 {
            let waiting = table.dial(id, now).unwrap();
            drop(waiting);
            table.give_up(id);
        }
        assert!(table.is_empty());
    }

    #[test]
    fn the_end_reaches_those_who_wait_and_those_who_come() {
        let (mut table, now) = (Table::default(), Instant::now());
        let Ok(Dialled::Wait(mut announced)) = table.dial(7, now) else {
            panic!("it should wait")
        };
        table.close();
        assert!(announced.try_recv().is_err());
        assert_eq!(table.dial(8, now).unwrap_err(), Refused::Closed);
        assert_eq!(table.next(), Err(Refused::Closed));
        assert_eq!(
            table.announce(9, address(1), now, MINUTE).unwrap_err(),
            Refused::Closed
        );
    }
}
