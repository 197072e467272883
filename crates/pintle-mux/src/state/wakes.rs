//! Who must be told after a change, once the lock is free again.

use std::task::Waker;

/// Collected while the state is locked, delivered after.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    /// Nearly always there is one task at most, so one needs no heap.
    first: Option<Waker>,
    more: Vec<Waker>,
    pub(crate) driver: bool,
    /// A task among them is expected to do something for the session, and may not come.
    pub(crate) patience: bool,
    /// Streams that became acceptable.
    pub(crate) accepts: usize,
    /// All that wait to accept, because there will be nothing more.
    pub(crate) acceptors: bool,
    pub(crate) openers: bool,
    pub(crate) ended: bool,
}

impl Wakes {
    pub(crate) fn task(&mut self, waker: Option<Waker>) {
        match waker {
            Some(waker) if self.first.is_none() => self.first = Some(waker),
            Some(waker) => self.more.push(waker),
            None => {}
        }
    }

    pub(crate) fn everyone(&mut self) {
        self.driver = true;
        self.acceptors = true;
        self.openers = true;
        self.ended = true;
    }

    /// Nobody must be told, which is so after most changes.
    pub(crate) fn is_empty(&self) -> bool {
        let calls = self.driver | self.patience | self.acceptors | self.openers | self.ended;
        !calls && self.first.is_none() && self.accepts == 0
    }

    /// Tasks that will run, the driver aside.
    pub(crate) fn tasks(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    /// Wakes the tasks; the rest is for the caller, who knows where those wait.
    pub(crate) fn wake_tasks(&mut self) {
        if let Some(waker) = self.first.take() {
            waker.wake();
        }
        for waker in std::mem::take(&mut self.more) {
            waker.wake();
        }
    }
}
