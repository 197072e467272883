//! Whatever the other side announces, and whatever this side does meanwhile.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use pintle_core::Address;
use prost::Message;
use tokio::sync::oneshot;

use super::table::{Announced, Dialled, Refused, Table};
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
#[derive(Default)]
struct Announcing {
    table: Table,
    accepted: HashSet<u32>,
    announced: HashMap<u32, Announcement>,
    dialled: HashMap<u32, oneshot::Receiver<Address>>,
    closed: bool,
    stamp: u64,
}

struct Announcement {
    address: Address,
    stamp: u64,
    waits: oneshot::Receiver<Infallible>,
}

impl Announcing {
    fn hear(&mut self, said: &ConnInfo) {
        let Ok(address) = Address::parse(&said.network, &said.address) else {
            return;
        };
        let id = said.service_id;
        self.stamp += 1;
        match self.table.announce(id, address.clone(), self.stamp) {
            Ok(Announced::Taken) => {
                let dialled = self.dialled.remove(&id).map(|mut dial| dial.try_recv());
                assert_eq!(dialled, Some(Ok(address)));
            }
            Ok(Announced::Waits(waits)) => {
                let stamp = self.stamp;
                let announcement = Announcement {
                    address,
                    stamp,
                    waits,
                };
                assert!(self.announced.insert(id, announcement).is_none());
                assert!(self.announced.len() <= MOST_ANNOUNCED && !self.closed);
            }
            Err(Refused::Duplicate) => assert!(self.announced.contains_key(&id)),
            Err(Refused::TooMany) => assert_eq!(self.announced.len(), MOST_ANNOUNCED),
            Err(Refused::Closed) => assert!(self.closed),
        }
    }

    fn step(&mut self, step: u8, id: u32) {
        match step {
            1 => self.dial(id),
            2 => self.give_up(id),
            3 => self.expire(id),
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
        match self.table.dial(id) {
            Ok(Dialled::Connect(address)) => {
                let announced = self.announced.remove(&id);
                assert_eq!(announced.map(|known| known.address), Some(address));
            }
            Ok(Dialled::Wait(dial)) => assert!(self.dialled.insert(id, dial).is_none()),
            Err(Refused::Closed) => assert!(self.closed),
            Err(_) => assert!(self.dialled.contains_key(&id)),
        }
    }

    fn give_up(&mut self, id: u32) {
        if self.dialled.remove(&id).is_some() {
            self.table.give_up(id);
        }
    }

    fn expire(&mut self, id: u32) {
        if let Some(mut known) = self.announced.remove(&id) {
            assert!(self.table.expire(id, known.stamp));
            assert!(matches!(
                known.waits.try_recv(),
                Err(oneshot::error::TryRecvError::Closed)
            ));
        }
    }

    fn end(mut self) {
        let dialled: Vec<_> = self.dialled.keys().copied().collect();
        dialled.into_iter().for_each(|id| self.give_up(id));
        let announced: Vec<_> = self.announced.keys().copied().collect();
        announced.into_iter().for_each(|id| self.expire(id));
        self.accepted.iter().for_each(|id| self.table.release(*id));
        assert!(self.table.is_empty(), "{:?}", self.table);
    }
}

const MOST_ANNOUNCED: usize = 1024;
