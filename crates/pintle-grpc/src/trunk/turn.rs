//! The dialler's side of a knock.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// How long a turn is kept for a stream that is not taken.
const TAKEN: Duration = Duration::from_secs(1);

/// The right to dial: while it is kept, other dials of this side wait.
///
/// Opening the stream does not end it by itself. go-plugin's host gives a new
/// stream to whichever of its listeners comes for one first, so that with two
/// streams under way each may end up at the listener of the other. The next
/// knock waits until the stream was taken.
#[derive(Debug)]
pub(crate) struct Turn(Option<OwnedSemaphorePermit>);

impl Turn {
    pub(super) fn of(permit: OwnedSemaphorePermit) -> Self {
        Self(Some(permit))
    }

    /// Nobody needs to wait any more.
    pub(super) fn over() -> Self {
        Self(None)
    }

    /// Keeps the turn until `taking`, which hears from the other side on the
    /// stream, is done; not for long, if the other side says nothing.
    pub(crate) async fn keep_for<T>(self, taking: impl Future<Output = T>) -> T {
        let mut taking = pin!(taking);
        if self.0.is_some()
            && let Ok(taken) = tokio::time::timeout(TAKEN, &mut taking).await
        {
            return taken;
        }
        drop(self);
        taking.await
    }
}

/// The knocks this side waits to have answered: a value.
#[derive(Debug, Default)]
pub(super) struct Knocks {
    waiting: HashMap<u32, oneshot::Sender<Result<(), String>>>,
    /// Given up before the answer: a late acknowledgement is still owed a stream,
    /// or the other side would take the next one for it.
    owed: HashMap<u32, u32>,
    closed: bool,
}

/// What an answer calls for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Whoever waited knows.
    Told,
    /// Open a stream and drop it.
    OwesStream,
    /// Nobody knocked.
    Unasked,
}

impl Knocks {
    /// Begins to knock for `id`; `None` after the end.
    pub(super) fn begin(&mut self, id: u32) -> Option<oneshot::Receiver<Result<(), String>>> {
        if self.closed {
            return None;
        }
        let (waiter, answer) = oneshot::channel();
        self.waiting.insert(id, waiter);
        Some(answer)
    }

    /// Takes a knock back that was not sent.
    pub(super) fn forget(&mut self, id: u32) {
        self.waiting.remove(&id);
    }

    /// Waits no longer for the answer to a knock that was sent.
    pub(super) fn give_up(&mut self, id: u32) {
        if self.waiting.remove(&id).is_some() {
            *self.owed.entry(id).or_default() += 1;
        }
    }

    /// The other side answers a knock for `id`.
    pub(super) fn heard(&mut self, id: u32, answer: Result<(), String>) -> Heard {
        // Answers come in the order of the knocks: those given up are answered first.
        if let Some(owed) = self.owed.get_mut(&id) {
            *owed -= 1;
            if *owed == 0 {
                self.owed.remove(&id);
            }
            return if answer.is_ok() {
                Heard::OwesStream
            } else {
                Heard::Told
            };
        }
        match self.waiting.remove(&id) {
            Some(waiter) => match waiter.send(answer) {
                Ok(()) | Err(Err(_)) => Heard::Told,
                Err(Ok(())) => Heard::OwesStream,
            },
            None => Heard::Unasked,
        }
    }

    /// Nobody will answer any more: who waits hears of it.
    pub(super) fn forget_all(&mut self) {
        self.waiting.clear();
        self.owed.clear();
    }

    /// Ends everything: who waits hears of it, who comes later is refused.
    pub(super) fn close(&mut self) {
        *self = Self {
            closed: true,
            ..Self::default()
        };
    }

    #[cfg(any(test, pintle_fuzzing))]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.owed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reaches_who_waits() {
        let mut knocks = Knocks::default();
        let mut answer = knocks.begin(7).unwrap();
        assert_eq!(knocks.heard(8, Ok(())), Heard::Unasked);
        assert_eq!(knocks.heard(7, Ok(())), Heard::Told);
        assert_eq!(answer.try_recv(), Ok(Ok(())));
    }

    #[test]
    fn a_late_acknowledgement_is_owed_a_stream() {
        let mut knocks = Knocks::default();
        let _answer = knocks.begin(7).unwrap();
        knocks.give_up(7);
        assert_eq!(knocks.heard(7, Ok(())), Heard::OwesStream);
        assert_eq!(knocks.heard(7, Ok(())), Heard::Unasked);
    }

    #[test]
    fn a_late_answer_is_not_taken_for_that_of_the_next_knock() {
        let mut knocks = Knocks::default();
        let _given_up = knocks.begin(7).unwrap();
        knocks.give_up(7);
        let mut answer = knocks.begin(7).unwrap();
        assert_eq!(knocks.heard(7, Err("late".to_owned())), Heard::Told);
        assert!(answer.try_recv().is_err(), "that was the first knock's");
        assert_eq!(knocks.heard(7, Ok(())), Heard::Told);
        assert_eq!(answer.try_recv(), Ok(Ok(())));
    }

    #[test]
    fn ten_thousand_knocks_given_up_and_answered_leave_nothing() {
        let mut knocks = Knocks::default();
        for id in 0..10_000 {
            let answer = knocks.begin(id);
            drop(answer);
            knocks.give_up(id);
        }
        for id in 0..10_000 {
            assert_eq!(knocks.heard(id, Err("no".to_owned())), Heard::Told);
        }
        assert!(knocks.is_empty());
    }

    #[test]
    fn the_end_reaches_who_waits_and_who_comes() {
        let mut knocks = Knocks::default();
        let mut answer = knocks.begin(7).unwrap();
        knocks.close();
        assert!(answer.try_recv().is_err());
        assert!(knocks.begin(8).is_none());
        assert_eq!(knocks.heard(7, Ok(())), Heard::Unasked);
    }
}
