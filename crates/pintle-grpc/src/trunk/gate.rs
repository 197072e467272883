//! Which of a connection's streams belongs to which id: a value without sockets or clocks.
//!
//! A dialler knocks for an id, waits for the acknowledgement, and opens a
//! stream; nothing on the stream itself says what it is for. So the next stream
//! after an acknowledgement is the knock's, and diallers take turns. What this
//! adds to the rule is the dialler that dies in between: a new knock, or time,
//! ends the turn of the one before, and the next stream is not mistaken for its.

use std::collections::HashMap;
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

/// The doors of one side, and who is expected to come through.
#[derive(Debug)]
pub(super) struct Gate<D> {
    doors: HashMap<u32, D>,
    held: HashMap<u32, Instant>,
    expected: Option<(u32, Instant)>,
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
        true
    }

    /// Takes a door away.
    pub(super) fn take_away(&mut self, id: u32) {
        self.doors.remove(&id);
        if self.expected.is_some_and(|(expected, _)| expected == id) {
            self.expected = None;
        }
    }

    /// Knocks that were held can be answered once their doors are up. Streams
    /// that came earlier must have been [placed](Self::place) before.
    pub(super) fn admit(&mut self, now: Instant) -> Vec<Answer> {
        let ids = self.held.keys().filter(|id| self.doors.contains_key(id));
        let ids: Vec<u32> = ids.copied().collect();
        let admitted = ids.into_iter().filter_map(|id| {
            self.held.remove(&id);
            self.knock(id, now)
        });
        admitted.collect()
    }

    /// Somebody knocks for `id`. Streams that came earlier must have been
    /// [placed](Self::place) before: they are older than this knock.
    pub(super) fn knock(&mut self, id: u32, now: Instant) -> Option<Answer> {
        if self.doors.contains_key(&id) {
            // Diallers take turns: whoever was expected has died on the way.
            self.expected = Some((id, now + EXPECT));
            return Some(Answer::Ack(id));
        }
        if self.held.len() == MAX_HELD {
            return Some(Answer::Nack(id, "too many knocks are waiting"));
        }
        self.held.insert(id, now + HOLD);
        None
    }

    /// The door the next stream goes through; `None` if it is for nobody in particular.
    pub(super) fn place(&mut self, now: Instant) -> Option<&D> {
        let (id, until) = self.expected.take()?;
        if now > until {
            return None;
        }
        self.doors.get(&id)
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
        assert_eq!(gate.place(now), None, "nobody has knocked");
        assert_eq!(gate.knock(7, now), Some(Answer::Ack(7)));
        assert_eq!(gate.place(now), Some(&7));
        assert_eq!(gate.place(now), None, "one knock, one stream");
    }

    #[test]
    fn a_dialler_that_dies_between_ack_and_open_does_not_misroute_the_next_stream() {
        let (mut gate, now) = gate(&[7, 8]);
        gate.knock(7, now);
        assert_eq!(gate.knock(8, now), Some(Answer::Ack(8)));
        assert_eq!(gate.place(now), Some(&8));
        assert_eq!(gate.place(now), None);
    }

    #[test]
    fn a_dialler_that_dies_alone_is_not_expected_for_ever() {
        let (mut gate, now) = gate(&[7]);
        gate.knock(7, now);
        assert_eq!(gate.place(now + EXPECT + Duration::from_millis(1)), None);
    }

    #[test]
    fn an_early_knock_is_held_until_somebody_accepts() {
        let (mut gate, now) = gate(&[]);
        assert_eq!(gate.knock(7, now), None);
        assert_eq!(gate.expire(now), []);
        gate.put_up(8, 8);
        assert_eq!(gate.admit(now), [], "that is another door");
        gate.put_up(7, 7);
        assert_eq!(gate.admit(now), [Answer::Ack(7)]);
        assert_eq!(gate.place(now), Some(&7));
        gate.take_away(7);
        gate.take_away(8);
        assert!(gate.is_empty());
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
    fn a_door_that_is_taken_away_expects_nobody() {
        let (mut gate, now) = gate(&[7]);
        gate.knock(7, now);
        gate.take_away(7);
        assert_eq!(gate.place(now), None);
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
