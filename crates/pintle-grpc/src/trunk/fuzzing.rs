//! Whatever the other side knocks for and answers; see [`broker`](crate::fuzzing::broker).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::gate::{Answer, Gate, HOLD, Place};
use super::turn::{Heard, Knocks};
use crate::pb::conn_info::Knock;

/// Both sides of knocking, and what must be known of them.
pub(crate) struct Knocking {
    now: Instant,
    gate: Gate<u32>,
    doors: HashSet<u32>,
    /// How many knocks for an id were not answered.
    unanswered: HashMap<u32, usize>,
    /// The last that was let in and has not yet come.
    expected: Option<u32>,
    knocks: Knocks,
    /// Whoever has the turn.
    waiting: Option<(u32, oneshot::Receiver<Result<(), String>>)>,
    given_up: usize,
}

impl Default for Knocking {
    fn default() -> Self {
        Self {
            now: Instant::now(),
            gate: Gate::default(),
            doors: HashSet::new(),
            unanswered: HashMap::new(),
            expected: None,
            knocks: Knocks::default(),
            waiting: None,
            given_up: 0,
        }
    }
}

impl Knocking {
    pub(crate) fn hear(&mut self, id: u32, knock: &Knock) {
        if !knock.ack {
            *self.unanswered.entry(id).or_default() += 1;
            let answer = self.gate.knock(id, self.now);
            return self.answer(answer);
        }
        let answer = match knock.error.is_empty() {
            true => Ok(()),
            false => Err(knock.error.clone()),
        };
        match self.knocks.heard(id, answer.clone()) {
            Heard::OwesStream => {
                assert!(answer.is_ok());
                self.one_fewer_given_up();
            }
            Heard::Told => match self.waiting.take() {
                Some((asked, mut told)) if asked == id => match told.try_recv() {
                    Ok(told) => assert_eq!(told, answer),
                    // An earlier knock of this id was given up, and this is its answer.
                    Err(_) => {
                        self.waiting = Some((asked, told));
                        self.one_fewer_given_up();
                    }
                },
                waiting => {
                    self.waiting = waiting;
                    self.one_fewer_given_up();
                }
            },
            Heard::Unasked => {
                let waiting = self.waiting.as_ref();
                assert!(waiting.is_none_or(|(asked, _)| *asked != id));
            }
        }
    }

    fn one_fewer_given_up(&mut self) {
        let left = self.given_up.checked_sub(1);
        self.given_up = left.expect("an answer to a knock that was given up");
    }

    pub(crate) fn step(&mut self, step: u8, id: u32) {
        match step {
            1 if self.waiting.is_none() => {
                let waiting = self.knocks.begin(id);
                self.waiting = waiting.map(|answer| (id, answer));
            }
            2 => {
                if let Some((id, _)) = self.waiting.take() {
                    self.knocks.give_up(id);
                    self.given_up += 1;
                }
            }
            4 => {
                assert_eq!(self.gate.put_up(id, id), self.doors.insert(id));
                self.settle();
            }
            6 => {
                self.gate.take_away(id, self.now);
                self.doors.remove(&id);
                self.settle();
            }
            7 => {
                self.knocks.close();
                self.given_up = 0;
                if let Some((_, mut told)) = self.waiting.take() {
                    assert!(told.try_recv().is_err());
                }
            }
            8 => {
                let expected = self.expected.take();
                match self.gate.place(self.now) {
                    Place::Door(door) => {
                        assert_eq!(Some(*door), expected);
                        assert!(self.doors.contains(door));
                    }
                    Place::Nowhere => {
                        assert!(expected.is_some_and(|door| !self.doors.contains(&door)));
                    }
                    Place::Main => {}
                }
            }
            9 => self.wait(Duration::from_millis(u64::from(id) * 50)),
            _ => {}
        }
    }

    fn settle(&mut self) {
        for told in self.gate.settle(self.now) {
            self.answer(Some(told));
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        let expired = self.gate.expire(self.now);
        for told in expired {
            assert!(matches!(told, Answer::Nack(..)));
            self.answer(Some(told));
        }
        assert!(self.gate.next_expiry().is_none_or(|next| next > self.now));
    }

    fn answer(&mut self, told: Option<Answer>) {
        let id = match told {
            None => return,
            Some(Answer::Ack(id)) => {
                assert!(self.doors.contains(&id));
                self.expected = Some(id);
                id
            }
            Some(Answer::Nack(id, _)) => id,
        };
        let unanswered = self.unanswered.entry(id).or_default();
        *unanswered = unanswered.checked_sub(1).expect("an answer to a knock");
    }

    pub(crate) fn end(mut self) {
        self.wait(HOLD);
        for id in &self.doors {
            self.gate.take_away(*id, self.now);
        }
        // Whoever was let in last never came.
        let _ = self.gate.place(self.now);
        assert!(self.gate.is_empty(), "{:?}", self.gate);
        if self.waiting.is_none() && self.given_up == 0 {
            assert!(self.knocks.is_empty(), "{:?}", self.knocks);
        }
    }
}
