//! The table where two sides of a rendezvous find each other, by id.
//!
//! Pure: it holds whoever came first and hands both over when the second comes; time is an argument.

use std::collections::HashMap;
use std::time::Instant;

/// Who waits for whom. `W` waits for an arrival, `A` has arrived and waits to be taken.
#[derive(Debug)]
pub(crate) struct Pending<W, A> {
    slots: HashMap<u32, Slot<W, A>>,
    /// How many arrivals may wait.
    limit: usize,
    arrived: usize,
    /// Tells one reservation of an id from the next.
    serial: u64,
}

#[derive(Debug)]
enum Slot<W, A> {
    Waiting { waiter: W, serial: u64 },
    Arrived { arrival: A, until: Instant },
}

/// What became of a reservation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reserved<A> {
    /// The other side had arrived already.
    Met(A),
    /// The place is held until [`Pending::cancel`] with this serial.
    Waiting(u64),
    /// Someone else waits for this id.
    Taken,
}

/// What became of an arrival.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrived<W, A> {
    /// Someone waited for it.
    Met(W, A),
    /// It is kept until its time is over.
    Kept,
    /// Another one with this id is kept, or too many are.
    Refused(A),
}

impl<W, A> Pending<W, A> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            slots: HashMap::new(),
            limit,
            arrived: 0,
            serial: 0,
        }
    }

    /// Waits for `id`, unless it is there already.
    pub(crate) fn reserve(&mut self, id: u32, waiter: W, now: Instant) -> Reserved<A> {
        match self.slots.remove(&id) {
            Some(Slot::Arrived { arrival, until }) => {
                self.arrived -= 1;
                if now < until {
                    return Reserved::Met(arrival);
                }
            }
            Some(taken @ Slot::Waiting { .. }) => {
                self.slots.insert(id, taken);
                return Reserved::Taken;
            }
            None => {}
        }
        self.serial += 1;
        self.slots.insert(
            id,
            Slot::Waiting {
                waiter,
                serial: self.serial,
            },
        );
        Reserved::Waiting(self.serial)
    }

    /// Gives up a place, if it is still the one that was reserved.
    pub(crate) fn cancel(&mut self, id: u32, serial: u64) {
        if let Some(Slot::Waiting {
            serial: current, ..
        }) = self.slots.get(&id)
            && *current == serial
        {
            self.slots.remove(&id);
        }
    }

    /// Brings `id`; if nobody waits for it, it is kept `until` then.
    pub(crate) fn arrive(
        &mut self,
        id: u32,
        arrival: A,
        now: Instant,
        until: Instant,
    ) -> Arrived<W, A> {
        match self.slots.get(&id) {
            Some(Slot::Waiting { .. }) => {
                let Some(Slot::Waiting { waiter, .. }) = self.slots.remove(&id) else {
                    unreachable!("the slot was just seen");
                };
                return Arrived::Met(waiter, arrival);
            }
            Some(Slot::Arrived { until, .. }) if now < *until => return Arrived::Refused(arrival),
            Some(Slot::Arrived { .. }) => self.arrived -= 1,
            None if self.arrived >= self.limit => return Arrived::Refused(arrival),
            None => {}
        }
        self.arrived += 1;
        self.slots.insert(id, Slot::Arrived { arrival, until });
        Arrived::Kept
    }

    /// Lets go of arrivals whose time is over, and of those `gone` says nobody needs any more.
    pub(crate) fn expire(&mut self, now: Instant, gone: impl Fn(&A) -> bool) -> Vec<A> {
        let over = self.slots.extract_if(|_, slot| match slot {
            Slot::Arrived { arrival, until } => *until <= now || gone(arrival),
            Slot::Waiting { .. } => false,
        });
        let over: Vec<A> = over
            .filter_map(|(_, slot)| match slot {
                Slot::Arrived { arrival, .. } => Some(arrival),
                Slot::Waiting { .. } => None,
            })
            .collect();
        self.arrived -= over.len();
        over
    }

    /// When the next arrival's time is over.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        let untils = self.slots.values().filter_map(|slot| match slot {
            Slot::Arrived { until, .. } => Some(*until),
            Slot::Waiting { .. } => None,
        });
        untils.min()
    }

    /// Lets go of everyone.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.arrived = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const TTL: Duration = Duration::from_secs(5);

    fn table() -> Pending<&'static str, &'static str> {
        Pending::new(2)
    }

    #[test]
    fn the_two_sides_meet_whoever_comes_first() {
        let (mut table, now) = (table(), Instant::now());
        assert!(matches!(
            table.reserve(1, "waiter", now),
            Reserved::Waiting(_)
        ));
        assert_eq!(
            table.arrive(1, "stream", now, now + TTL),
            Arrived::Met("waiter", "stream")
        );
        assert_eq!(table.arrive(2, "stream", now, now + TTL), Arrived::Kept);
        assert_eq!(table.reserve(2, "waiter", now), Reserved::Met("stream"));
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_second_waiter_or_arrival_of_one_id_is_refused() {
        let (mut table, now) = (table(), Instant::now());
        table.reserve(1, "first", now);
        assert_eq!(table.reserve(1, "second", now), Reserved::Taken);
        table.arrive(2, "first", now, now + TTL);
        assert_eq!(
            table.arrive(2, "second", now, now + TTL),
            Arrived::Refused("second")
        );
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn an_arrival_is_kept_for_its_time_and_no_longer() {
        let (mut table, now) = (table(), Instant::now());
        table.arrive(1, "stream", now, now + TTL);
        assert_eq!(table.next_expiry(), Some(now + TTL));
        assert!(table.expire(now + TTL / 2, |_| false).is_empty());
        assert_eq!(table.expire(now + TTL, |_| false), ["stream"]);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_late_waiter_does_not_get_an_expired_arrival_and_a_fresh_arrival_replaces_it() {
        let (mut table, now) = (table(), Instant::now());
        table.arrive(1, "stale", now, now + TTL);
        table.arrive(2, "stale", now, now + TTL);
        assert!(matches!(
            table.reserve(1, "waiter", now + TTL),
            Reserved::Waiting(_)
        ));
        assert_eq!(
            table.arrive(2, "fresh", now + TTL, now + 2 * TTL),
            Arrived::Kept
        );
        assert_eq!(
            table.reserve(2, "waiter", now + TTL),
            Reserved::Met("fresh")
        );
    }

    #[test]
    fn arrivals_nobody_asked_for_are_bounded() {
        let (mut table, now) = (table(), Instant::now());
        table.arrive(1, "one", now, now + TTL);
        table.arrive(2, "two", now, now + TTL);
        assert_eq!(
            table.arrive(3, "three", now, now + TTL),
            Arrived::Refused("three")
        );
        assert_eq!(table.expire(now, |arrival| *arrival == "one"), ["one"]);
        assert_eq!(table.arrive(3, "three", now, now + TTL), Arrived::Kept);
    }

    #[test]
    fn cancelling_an_old_reservation_leaves_a_newer_one_alone() {
        let (mut table, now) = (table(), Instant::now());
        let Reserved::Waiting(old) = table.reserve(1, "old", now) else {
            panic!("must wait")
        };
        table.arrive(1, "stream", now, now + TTL);
        table.reserve(1, "new", now);
        table.cancel(1, old);
        assert_eq!(table.len(), 1);
    }

    proptest! {
        #[test]
        fn whatever_happens_nobody_is_lost_or_served_twice(
            steps in proptest::collection::vec((0..4u8, 0..6u32, 0..8u64), 0..200),
        ) {
            let start = Instant::now();
            let mut table = Pending::<usize, usize>::new(3);
            let (mut given, mut back) = (0, 0);
            let mut reservations = Vec::new();
            let mut now = start;
            for (turn, (kind, id, wait)) in steps.into_iter().enumerate() {
                now += Duration::from_secs(wait) / 4;
                match kind {
                    0 => match table.reserve(id, turn, now) {
                        Reserved::Met(_) => back += 1,
                        Reserved::Waiting(serial) => reservations.push((id, serial)),
                        Reserved::Taken => {}
                    },
                    1 => {
                        given += 1;
                        match table.arrive(id, turn, now, now + TTL) {
                            Arrived::Kept => {}
                            Arrived::Met(..) | Arrived::Refused(_) => back += 1,
                        }
                    }
                    2 => if let Some((id, serial)) = reservations.pop() {
                        table.cancel(id, serial);
                    },
                    _ => back += table.expire(now, |_| false).len(),
                }
            }
            for (id, serial) in reservations {
                table.cancel(id, serial);
            }
            back += table.expire(now + TTL, |_| false).len();
            prop_assert_eq!(table.len(), 0);
            // An arrival that expired and was then replaced or passed over is dropped in place.
            prop_assert!(back <= given);
        }
    }
}
