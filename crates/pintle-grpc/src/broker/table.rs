//! Who accepts and who dials which id: a value without sockets or clocks.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use pintle_core::Address;
use tokio::sync::oneshot;

/// How many announcements may wait for a dial.
///
/// Each is an id and an address; a peer that announces more than this has lost count.
const MAX_ANNOUNCED: usize = 1024;

/// The ids of one side of a session.
///
/// What this side accepts and what it dials are apart: the other side may
/// announce a number that this side accepts, too.
#[derive(Debug, Default)]
pub(super) struct Table {
    last: u32,
    accepted: HashSet<u32>,
    dials: HashMap<u32, Dial>,
    announced: usize,
    closed: bool,
}

/// One id this side dials, or will.
#[derive(Debug)]
enum Dial {
    /// The other side accepts it, and nobody here has dialled yet.
    Announced {
        address: Address,
        stamp: u64,
        /// Dropped with the announcement: whoever expires it need not wait any longer.
        _wanted: oneshot::Sender<Infallible>,
    },
    /// Somebody here dials, and the other side has not yet announced.
    Waiting(oneshot::Sender<Address>),
}

/// What became of an announcement.
#[derive(Debug)]
pub(super) enum Announced {
    /// Somebody waited for it.
    Taken,
    /// It waits for a dial; this resolves when it no longer does.
    Waits(oneshot::Receiver<Infallible>),
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

    /// The other side accepts `id` at `address`. `stamp` tells this announcement
    /// from a later one of the same id.
    pub(super) fn announce(
        &mut self,
        id: u32,
        address: Address,
        stamp: u64,
    ) -> Result<Announced, Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        match self.dials.entry(id) {
            Entry::Vacant(_) if self.announced == MAX_ANNOUNCED => Err(Refused::TooMany),
            Entry::Vacant(vacant) => {
                let (wanted, waits) = oneshot::channel();
                vacant.insert(Dial::Announced {
                    address,
                    stamp,
                    _wanted: wanted,
                });
                self.announced += 1;
                Ok(Announced::Waits(waits))
            }
            Entry::Occupied(occupied) => match occupied.get() {
                Dial::Announced { .. } => Err(Refused::Duplicate),
                Dial::Waiting(_) => {
                    let Dial::Waiting(waiter) = occupied.remove() else {
                        unreachable!("it was matched a line above")
                    };
                    match waiter.send(address) {
                        Ok(()) => Ok(Announced::Taken),
                        // Who waited has given up just now, and may dial again.
                        Err(address) => self.announce(id, address, stamp),
                    }
                }
            },
        }
    }

    /// Forgets an announcement that nobody dialled.
    pub(super) fn expire(&mut self, id: u32, announcement: u64) -> bool {
        let due = matches!(
            self.dials.get(&id),
            Some(Dial::Announced { stamp, .. }) if *stamp == announcement
        );
        if due {
            self.dials.remove(&id);
            self.announced -= 1;
        }
        due
    }

    /// Begins to dial `id`.
    pub(super) fn dial(&mut self, id: u32) -> Result<Dialled, Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        match self.dials.entry(id) {
            Entry::Vacant(vacant) => {
                let (waiter, announced) = oneshot::channel();
                vacant.insert(Dial::Waiting(waiter));
                Ok(Dialled::Wait(announced))
            }
            Entry::Occupied(occupied) => match occupied.get() {
                Dial::Waiting(waiter) if !waiter.is_closed() => Err(Refused::Duplicate),
                Dial::Waiting(_) => {
                    occupied.remove();
                    self.dial(id)
                }
                Dial::Announced { address, .. } => {
                    let address = address.clone();
                    occupied.remove();
                    self.announced -= 1;
                    Ok(Dialled::Connect(address))
                }
            },
        }
    }

    /// Gives up a dial that waits.
    pub(super) fn give_up(&mut self, id: u32) {
        if matches!(self.dials.get(&id), Some(Dial::Waiting(_))) {
            self.dials.remove(&id);
        }
    }

    /// Ends everything: who waits hears of it, who comes later is refused.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.dials.clear();
        self.announced = 0;
    }

    #[cfg(any(test, pintle_fuzzing))]
    pub(super) fn is_empty(&self) -> bool {
        self.accepted.is_empty() && self.dials.is_empty() && self.announced == 0
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

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
        let mut table = Table::default();
        let Ok(Announced::Waits(mut waits)) = table.announce(7, address(1), 0) else {
            panic!("it should wait")
        };
        assert_eq!(waits.try_recv(), Err(TryRecvError::Empty));
        assert!(matches!(table.dial(7), Ok(Dialled::Connect(to)) if to == address(1)));
        assert_eq!(waits.try_recv(), Err(TryRecvError::Closed));
        assert!(table.is_empty());
    }

    #[test]
    fn an_early_dial_waits_for_its_announcement() {
        let mut table = Table::default();
        let Ok(Dialled::Wait(mut announced)) = table.dial(7) else {
            panic!("it should wait")
        };
        assert_eq!(table.dial(7).unwrap_err(), Refused::Duplicate);
        assert!(matches!(
            table.announce(7, address(1), 0),
            Ok(Announced::Taken)
        ));
        assert_eq!(announced.try_recv(), Ok(address(1)));
        assert!(table.is_empty());
    }

    #[test]
    fn an_announcement_that_comes_as_the_dial_is_given_up_waits_for_the_next() {
        let mut table = Table::default();
        drop(table.dial(7).unwrap());
        assert!(matches!(
            table.announce(7, address(1), 0),
            Ok(Announced::Waits(_))
        ));
        table.give_up(7);
        assert!(matches!(table.dial(7), Ok(Dialled::Connect(to)) if to == address(1)));
        assert!(table.is_empty());
    }

    #[test]
    fn an_id_announced_twice_is_refused_and_the_first_stands() {
        let mut table = Table::default();
        table.announce(7, address(1), 0).unwrap();
        assert_eq!(
            table.announce(7, address(2), 1).unwrap_err(),
            Refused::Duplicate
        );
        assert!(matches!(table.dial(7), Ok(Dialled::Connect(to)) if to == address(1)));
    }

    #[test]
    fn an_announcement_nobody_dials_expires_but_not_a_later_one() {
        let mut table = Table::default();
        table.announce(7, address(1), 0).unwrap();
        assert!(table.expire(7, 0));
        table.announce(7, address(2), 1).unwrap();
        assert!(!table.expire(7, 0));
        assert!(table.expire(7, 1));
        assert!(table.is_empty());
    }

    #[test]
    fn a_flood_of_announcements_is_bounded() {
        let mut table = Table::default();
        for id in 0..MAX_ANNOUNCED as u32 {
            table.announce(id, address(1), 0).unwrap();
        }
        assert_eq!(
            table.announce(u32::MAX, address(1), 0).unwrap_err(),
            Refused::TooMany
        );
    }

    #[test]
    fn ten_thousand_dials_given_up_leave_nothing() {
        let mut table = Table::default();
        for id in 0..10_000 {
            let waiting = table.dial(id).unwrap();
            drop(waiting);
            table.give_up(id);
        }
        assert!(table.is_empty());
    }

    #[test]
    fn the_end_reaches_those_who_wait_and_those_who_come() {
        let mut table = Table::default();
        let Ok(Dialled::Wait(mut announced)) = table.dial(7) else {
            panic!("it should wait")
        };
        table.close();
        assert!(announced.try_recv().is_err());
        assert_eq!(table.dial(8).unwrap_err(), Refused::Closed);
        assert_eq!(table.next(), Err(Refused::Closed));
        assert_eq!(
            table.announce(9, address(1), 0).unwrap_err(),
            Refused::Closed
        );
    }
}
