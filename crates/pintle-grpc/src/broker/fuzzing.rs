//! Whatever the other side announces, and whatever this side does meanwhile.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use pintle_core::Address;
use prost::Message;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::table::{Dialled, Refused, Table};
use crate::pb::ConnInfo;
use crate::trunk::fuzzing::Knocking;

/// The exchange of a broker, step by step. A step is a byte: after 0 comes a `ConnInfo` with its
/// length before it, which the other side says; others are something that this side does with the
/// id that is the byte after.
///
/// Every address and every answer reaches whoever asked for it and nobody else, what is kept is
/// bounded, and nothing is left when both sides are done.
pub fn broker(bytes: &[u8]) {
    let (mut announcing, mut knocking) = (Announcing::default(), Knocking::default());
    let mut steps = bytes;
    while let Some((step, rest)) = steps.split_first() {
        steps = rest;
        if *step == 0 {
            let Ok(said) = ConnInfo::decode_length_delimited(&mut steps) else {
                break;
            };
            let again = ConnInfo::decode(&said.encode_to_vec()[..]);
            assert_eq!(again.as_ref(), Ok(&said));
            match &said.knock {
                Some(knock) => knocking.hear(said.service_id, knock),
                None => announcing.hear(&said),
            }
        } else if let Some((id, rest)) = steps.split_first() {
            steps = rest;
            announcing.step(*step, (*id).into());
            knocking.step(*step, (*id).into());
        }
    }
    announcing.end();
    knocking.end();
}

/// The table, and what must be in it.
struct Announcing {
    table: Table,
    accepted: HashSet<u32>,
    /// Oldest first.
    announced: VecDeque<Announcement>,
    dialled: HashMap<u32, oneshot::Receiver<Address>>,
    closed: bool,
    now: Instant,
}

struct Announcement {
    id: u32,
    address: Address,
    until: Instant,
}

impl Default for Announcing {
    fn default() -> Self {
        Self {
            table: Table::default(),
            accepted: HashSet::new(),
            announced: VecDeque::new(),
            dialled: HashMap::new(),
            closed: false,
            now: Instant::now(),
        }
    }
}

impl Announcing {
    fn hear(&mut self, said: &ConnInfo) {
        let Ok(address) = Address::parse(&said.network, &said.address) else {
            return;
        };
        let id = said.service_id;
        let announced = self
            .table
            .announce(id, address.clone(), self.now, COUNTS_FOR);
        if let Err(refused) = announced {
            assert!(refused == Refused::Closed && self.closed);
            return;
        }
        assert!(!self.closed);
        if let Some(mut dial) = self.dialled.remove(&id) {
            assert_eq!(dial.try_recv(), Ok(address));
            return;
        }
        self.forget(id);
        self.expire();
        if self.announced.len() == MOST_ANNOUNCED {
            self.announced.pop_front();
        }
        let until = self.now + COUNTS_FOR;
        self.announced
            .push_back(Announcement { id, address, until });
    }

    /// Where `id` was announced last, if that still counts.
    fn forget(&mut self, id: u32) -> Option<Address> {
        let at = self.announced.iter().position(|known| known.id == id)?;
        Some(self.announced.remove(at)?.address)
    }

    fn expire(&mut self) {
        let now = self.now;
        self.announced.retain(|known| now < known.until);
    }

    fn step(&mut self, step: u8, id: u32) {
        match step {
            1 => self.dial(id),
            2 => self.give_up(id),
            3 => self.now += Duration::from_secs(id.into()),
            4 => {
                let claimed = self.table.claim(id);
                assert_eq!(claimed.is_ok(), !self.closed && self.accepted.insert(id));
            }
            5 => {
                if let Ok(id) = self.table.next() {
                    assert!(self.accepted.insert(id) && id != 0);
                }
            }
            6 => {
                self.table.release(id);
                self.accepted.remove(&id);
            }
            7 => {
                self.table.close();
                self.closed = true;
                self.announced.clear();
                for (_, mut dial) in self.dialled.drain() {
                    assert_eq!(dial.try_recv(), Err(oneshot::error::TryRecvError::Closed));
                }
            }
            _ => {}
        }
    }

    fn dial(&mut self, id: u32) {
        self.expire();
        match self.table.dial(id, self.now) {
            Ok(Dialled::Connect(address)) => assert_eq!(self.forget(id), Some(address)),
            Ok(Dialled::Wait(dial)) => {
                assert!(self.announced.iter().all(|known| known.id != id));
                assert!(self.dialled.insert(id, dial).is_none());
            }
            Err(Refused::Closed) => assert!(self.closed),
            Err(_) => assert!(self.dialled.contains_key(&id)),
        }
    }

    fn give_up(&mut self, id: u32) {
        if self.dialled.remove(&id).is_some() {
            self.table.give_up(id);
        }
    }

    fn end(mut self) {
        let dialled: Vec<_> = self.dialled.keys().copied().collect();
        dialled.into_iter().for_each(|id| self.give_up(id));
        // Whatever still counts can be had, once.
        self.expire();
        while let Some(Announcement { id, address, .. }) = self.announced.pop_front() {
            let dialled = self.table.dial(id, self.now);
            assert!(matches!(dialled, Ok(Dialled::Connect(found)) if found == address));
        }
        // The first dial forgets what counts no longer.
        if let Ok(Dialled::Wait(dial)) = self.table.dial(0, self.now) {
            drop(dial);
            self.table.give_up(0);
        }
        self.accepted.iter().for_each(|id| self.table.release(*id));
        assert!(self.table.is_empty(), "{:?}", self.table);
    }
}

const MOST_ANNOUNCED: usize = 1024;
const COUNTS_FOR: Duration = Duration::from_secs(60);
