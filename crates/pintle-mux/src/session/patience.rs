//! Looking after tasks that were asked to come, without running beside them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::driver::now;
use super::timer::Timer;

/// Whether the driver looks, now and then, if tasks that were woken to use the connection do.
///
/// They nearly always do, at once. Waking the driver together with each of them would have the
/// runtime spread the two over its threads, which costs more than what they do.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    asked: AtomicBool,
    looking: AtomicBool,
}

impl Patience {
    /// A task was woken that may not come; true if the driver must be woken to look after it.
    pub(super) fn ask(&self) -> bool {
        self.asked.store(true, Ordering::SeqCst);
        !self.looking.load(Ordering::SeqCst)
    }

    fn was_asked(&self) -> bool {
        self.asked.swap(false, Ordering::SeqCst)
    }
}

/// The driver's side of [`Patience`].
#[derive(Debug, Default)]
pub(super) struct Watch {
    timer: Timer,
    until: Option<Instant>,
}

impl Watch {
    /// Calls `look` when it is time to, and has the driver woken when it will be. `look` tells
    /// whether it should be called again in any case.
    pub(super) fn poll(&mut self, patience: &Patience, driver: &Waker, look: impl Fn() -> bool) {
        let mut again = false;
        loop {
            if self.until.is_none() && (patience.was_asked() || again) {
                patience.looking.store(true, Ordering::SeqCst);
                self.until = Some(now() + PATIENCE);
            }
            if !self.timer.poll(driver, self.until) {
                return;
            }
            self.until = None;
            patience.looking.store(false, Ordering::SeqCst);
            again = look();
        }
    }
}

/// How long a task that was woken has to come, at least; twice that at most.
const PATIENCE: Duration = Duration::from_millis(1);
