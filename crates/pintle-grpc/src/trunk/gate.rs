//! Which of a connection's streams belongs to which id: a value without sockets or clocks.
//!
//! A dialler knocks for an id, waits for the acknowledgement, and opens a
//! stream; nothing on the stream itself says what it is for. So the next stream
//! after an acknowledgement is the knock's, and diallers take turns. What this
//! adds to the rule is the dialler that dies in between: a new knock, or time,
//! ends the turn of the one before, and the next stream is not mistaken for its.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// How long a knock for an id that nobody accepts yet is held.
///
/// A little less than a dialler waits, go-plugin's 5 seconds: the answer must
/// not come when nobody waits for it any more.
pub(super) const HOLD: Duration = Duration::from_millis(4500);

/// How long an acknowledged knock is expected to be followed by its stream.
const EXPECT: Duration = Duration::from_secs(5);

/// How many knocks may be held; a peer that knocks for more ids has lost count.
const MAX_HELD: usize = 256;

/// How long it is remembered that an id is accepted no longer.
///
/// The call that brought an id may be cancelled while its callee dials: that knock comes soon. Not
/// for ever, because the other side may choose the same number for something to come.
const GONE: Duration = Duration::from_secs(10);

/// How many such ids are remembered.
const MAX_GONE: usize = 1024;

/// The doors of one side, and who is expected to come through.
#[derive(Debug)]
pub(super) struct Gate<D> {
    doors: HashMap<u32, D>,
    held: HashMap<u32, Instant>,
    /// Ids that had a door or were to have one, oldest first. Who knocks for one is refused at
    /// once: all other dials of the other side wait for the answer.
    gone: VecDeque<(u32, Instant)>,
    expected: Option<(u32, Instant)>,
}

/// Where a stream belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<D> {
    /// It follows a knock.
    Door(D),
    /// It follows a knock at a door that is gone.
    Nowhere,
    /// It follows no knock.
    Main,
}

/// What to answer the dialler of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Open your stream.
    Ack(u32),
    /// Do not.
    Nack(u32, &'static str),
}

impl<D> Default for Gate<D> {
    fn default() -> Self {
        Self {
            doors: HashMap::new(),
            held: HashMap::new(),
            gone: VecDeque::new(),
            expected: None,
        }
    }
}

impl<D> Gate<D> {
    /// Puts a door up; false if the id has one.
    pub(super) fn put_up(&mut self, id: u32, door: D) -> bool {
        if self.doors.contains_key(&id) {
            return false;
        }
        self.doors.insert(id, door);
        self.gone.retain(|(gone, _)| *gone != id);
        true
    }

    /// Takes a door away, or the prospect of one.
    pub(super) fn take_away(&mut self, id: u32, now: Instant) {
        self.doors.remove(&id);
        if !self.is_gone(id, now) {
            if self.gone.len() == MAX_GONE {
                self.gone.pop_front();
            }
            self.gone.push_back((id, now + GONE));
        }
    }

    /// Knocks that were held can be answered once their doors are up, or never will be. Streams
    /// that came earlier must have been [placed](Self::place) before.
    pub(super) fn settle(&mut self, now: Instant) -> Vec<Answer> {
        let held: Vec<u32> = self.held.keys().copied().collect();
        let settled = held.into_iter().filter_map(|id| {
            let answer = self.answer(id, now)?;
            self.held.remove(&id);
            Some(answer)
        });
        settled.collect()
    }

    /// Somebody knocks for `id`. Streams that came earlier must have been
    /// [placed](Self::place) before: they are older than this knock.
    pub(super) fn knock(&mut self, id: u32, now: Instant) -> Option<Answer> {
        if let Some(answer) = self.answer(id, now) {
            return Some(answer);
        }
        if self.held.len() == MAX_HELD {
            return Some(Answer::Nack(id, "too many knocks are waiting"));
        }
        self.held.insert(id, now + HOLD);
        None
    }

    /// What can be said at once to who knocks for `id`.
    fn answer(&mut self, id: u32, now: Instant) -> Option<Answer> {
        if self.doors.contains_key(&id) {
            // Diallers take turns: whoever was expected has died on the way.
            self.expected = Some((id, now + EXPECT));
            return Some(Answer::Ack(id));
        }
        let gone = self.is_gone(id, now);
        gone.then_some(Answer::Nack(id, "nobody accepts this id any more"))
    }

    fn is_gone(&mut self, id: u32, now: Instant) -> bool {
        while self.gone.front().is_some_and(|(_, until)| *until <= now) {
            self.gone.pop_front();
        }
        self.gone.iter().any(|(gone, _)| *gone == id)
    }

    /// Where the next stream belongs.
    pub(super) fn place(&mut self, now: Instant) -> Place<&D> {
        match self.expected.take() {
            Some((id, until)) if now <= until => {
                // Its door may be gone since it was let in: it is for nobody else either.
                self.doors.get(&id).map_or(Place::Nowhere, Place::Door)
            }
            _ => Place::Main,
        }
    }

    /// Answers the knocks that were held in vain.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Answer> {
        let mut answers = Vec::new();
        self.held.retain(|id, until| {
            let keep = now < *until;
            if !keep {
                answers.push(Answer::Nack(*id, "nobody accepts this id"));
            }
            keep
        });
        answers
    }

    /// Nobody who knocked is there any more.
    pub(super) fn forget_knocks(&mut self) {
        self.held.clear();
        self.expected = None;
    }

    /// When [`expire`](Self::expire) has something to do next.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.held.values().min().copied()
    }

    #[cfg(any(test, pintle_fuzzing))]
    pub(super) fn is_empty(&self) -> bool {
        self.doors.is_empty() && self.held.is_empty() && self.expected.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(ids: &[u32]) -> (Gate<u32>, Instant) {
        let mut gate = Gate::default();
        for id in ids {
            assert!(gate.put_up(*id, *id));
        }
        (gate, Instant::now())
    }

    #[test]
    fn the_stream_after_a_knock_is_the_knocks() {
        let (mut gate, now) = gate(&[7]);
        assert_eq!(gate.place(now), Place::Main, "nobody has knocked");
        assert_eq!(gate.knock(7, now), Some(Answer::Ack(7)));
        assert_eq!(gate.place(now), Place::Door(&7));
        assert_eq!(gate.place(now), Place::Main, "one knock, one stream");
    }

    #[test]
    fn a_dialler_that_dies_between_ack_and_open_does_not_misroute_the_next_stream() {
        let (mut gate, now) = gate(&[7, 8]);
        gate.knock(7, now);
        assert_eq!(gate.knock(8, now), Some(Answer::Ack(8)));
        assert_eq!(gate.place(now), Place::Door(&8));
        assert_eq!(gate.place(now), Place::Main);
    }

    #[test]
    fn a_dialler_that_dies_alone_is_not_expected_for_ever() {
        let (mut gate, now) = gate(&[7]);
        gate.knock(7, now);
        assert_eq!(
            gate.place(now + EXPECT + Duration::from_millis(1)),
            Place::Main
        );
    }

    #[test]
    fn an_early_knock_is_held_until_somebody_accepts() {
        let (mut gate, now) = gate(&[]);
        assert_eq!(gate.knock(7, now), None);
        assert_eq!(gate.expire(now), []);
        gate.put_up(8, 8);
        assert_eq!(gate.settle(now), [], "that is another door");
        gate.put_up(7, 7);
        assert_eq!(gate.settle(now), [Answer::Ack(7)]);
        assert_eq!(gate.place(now), Place::Door(&7));
        gate.take_away(7, now);
        gate.take_away(8, now);
        assert!(gate.is_empty());
    }

    #[test]
    fn a_knock_for_an_id_that_was_given_up_is_refused_at_once() {
        let (mut gate, now) = gate(&[7]);
        let refused = |id| Answer::Nack(id, "nobody accepts this id any more");
        gate.take_away(7, now);
        assert_eq!(gate.knock(7, now), Some(refused(7)));
        assert_eq!(gate.knock(8, now), None, "somebody may yet accept it");
        gate.take_away(8, now);
        assert_eq!(gate.settle(now), [refused(8)]);
        assert!(gate.is_empty());
    }

    #[test]
    fn an_id_that_was_given_up_can_be_accepted_again() {
        let (mut gate, now) = gate(&[7, 8]);
        gate.take_away(7, now);
        assert!(gate.put_up(7, 7));
        assert_eq!(gate.knock(7, now), Some(Answer::Ack(7)));
        gate.take_away(8, now);
        assert_eq!(gate.knock(8, now + GONE), None, "it is forgotten by now");
    }

    #[test]
    fn of_ids_given_up_the_last_thousand_are_remembered() {
        let (mut gate, now) = gate(&[]);
        for id in 0..10_000 {
            gate.take_away(id, now);
            gate.take_away(id, now);
        }
        assert_eq!(gate.gone.len(), MAX_GONE);
        assert!(gate.is_gone(9_999, now) && !gate.is_gone(0, now));
        assert!(!gate.is_gone(9_999, now + GONE));
        assert!(gate.gone.is_empty());
    }

    #[test]
    fn a_knock_that_nobody_accepts_is_answered_in_time() {
        let (mut gate, now) = gate(&[]);
        gate.knock(7, now);
        assert_eq!(gate.next_expiry(), Some(now + HOLD));
        let answers = gate.expire(now + HOLD);
        assert_eq!(answers, [Answer::Nack(7, "nobody accepts this id")]);
        assert!(gate.is_empty());
    }

    #[test]
    fn a_stream_whose_door_was_taken_away_is_for_nobody_else() {
        let (mut gate, now) = gate(&[7]);
        gate.knock(7, now);
        gate.take_away(7, now);
        assert_eq!(gate.place(now), Place::Nowhere);
        assert_eq!(gate.place(now), Place::Main);
    }

    #[test]
    fn a_flood_of_knocks_is_bounded() {
        let (mut gate, now) = gate(&[]);
        for id in 0..MAX_HELD as u32 {
            assert_eq!(gate.knock(id, now), None);
        }
        let refused = gate.knock(u32::MAX, now);
        assert_eq!(
            refused,
            Some(Answer::Nack(u32::MAX, "too many knocks are waiting"))
        );
    }
}
