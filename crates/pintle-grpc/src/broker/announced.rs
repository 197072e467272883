//! Where the other side accepts ids that nobody here has dialled yet: a value without a clock.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use pintle_core::Address;
use tokio::time::Instant;

/// How many announcements may wait for a dial; the oldest gives way to one more.
///
/// Each is an id and an address.
const MAX_ANNOUNCED: usize = 1024;

/// Announcements that wait for a dial.
///
/// No peer says that it takes one back: a call that was cancelled leaves one that nobody will ever
/// dial. So they cost no more than their place here, and never keep a later one out.
#[derive(Debug, Default)]
pub(super) struct Announcements {
    by_id: HashMap<u32, Announced>,
    by_age: BTreeMap<Stamp, u32>,
    last: Stamp,
}

type Stamp = u64;

#[derive(Debug)]
struct Announced {
    address: Address,
    at: Instant,
    counts_for: Duration,
    stamp: Stamp,
}

impl Announcements {
    /// Keeps one, which counts for so long. Of two of one id the later counts: what was announced
    /// before may be gone.
    pub(super) fn put(&mut self, id: u32, address: Address, now: Instant, counts_for: Duration) {
        self.remove(id);
        self.expire(now);
        if self.by_id.len() == MAX_ANNOUNCED {
            self.remove_oldest();
        }
        self.last += 1;
        let announced = Announced {
            address,
            at: now,
            counts_for,
            stamp: self.last,
        };
        self.by_age.insert(announced.stamp, id);
        self.by_id.insert(id, announced);
    }

    /// Where `id` is accepted, told once.
    pub(super) fn take(&mut self, id: u32, now: Instant) -> Option<Address> {
        self.expire(now);
        Some(self.remove(id)?.address)
    }

    pub(super) fn clear(&mut self) {
        self.by_id.clear();
        self.by_age.clear();
    }

    fn expire(&mut self, now: Instant) {
        // All count for equally long, so that the oldest ends first.
        while let Some(oldest) = self.by_age.values().next()
            && let Some(Announced { at, counts_for, .. }) = self.by_id.get(oldest)
            && now.duration_since(*at) >= *counts_for
        {
            self.remove_oldest();
        }
    }

    fn remove_oldest(&mut self) {
        if let Some((_, id)) = self.by_age.pop_first() {
            self.by_id.remove(&id);
        }
    }

    fn remove(&mut self, id: u32) -> Option<Announced> {
        let announced = self.by_id.remove(&id)?;
        self.by_age.remove(&announced.stamp);
        Some(announced)
    }

    #[cfg(any(test, pintle_fuzzing))]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.by_id.len(), self.by_age.len());
        self.by_id.len()
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
    fn an_announcement_is_told_once() {
        let (mut announced, now) = (Announcements::default(), Instant::now());
        announced.put(7, address(1), now, MINUTE);
        assert_eq!(announced.take(8, now), None);
        assert_eq!(announced.take(7, now), Some(address(1)));
        assert_eq!(announced.take(7, now), None);
        assert_eq!(announced.len(), 0);
    }

    #[test]
    fn an_id_announced_again_is_where_it_was_said_last() {
        let (mut announced, now) = (Announcements::default(), Instant::now());
        announced.put(7, address(1), now, MINUTE);
        announced.put(7, address(2), now, MINUTE);
        assert_eq!(announced.take(7, now), Some(address(2)));
        assert_eq!(announced.len(), 0);
    }

    #[test]
    fn an_announcement_nobody_dials_expires_but_not_a_later_one() {
        let (mut announced, now) = (Announcements::default(), Instant::now());
        announced.put(7, address(1), now, MINUTE);
        announced.put(8, address(2), now + MINUTE / 2, MINUTE);
        assert_eq!(announced.take(7, now + MINUTE), None);
        assert_eq!(announced.take(8, now + MINUTE), Some(address(2)));
        assert_eq!(announced.len(), 0);
    }

    #[test]
    fn an_announcement_may_count_for_ever() {
        let (mut announced, now) = (Announcements::default(), Instant::now());
        announced.put(7, address(1), now, Duration::MAX);
        assert_eq!(announced.take(7, now + MINUTE), Some(address(1)));
    }

    #[test]
    fn a_flood_of_announcements_is_bounded_and_keeps_no_later_one_out() {
        let (mut announced, now) = (Announcements::default(), Instant::now());
        let ids = 0..MAX_ANNOUNCED as u32 * 3;
        for id in ids.clone() {
            announced.put(id, address(1), now, MINUTE);
        }
        assert_eq!(announced.len(), MAX_ANNOUNCED);
        for id in ids {
            let kept = announced.take(id, now).is_some();
            assert_eq!(kept, id >= MAX_ANNOUNCED as u32 * 2, "{id}");
        }
    }
}
