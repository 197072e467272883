//! A wake-up that can be told from all others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

/// Wakes the driver and remembers that it did, so that the driver knows what it was woken for
/// without asking the runtime or the connection.
#[derive(Debug)]
pub(super) struct Alarm {
    rung: AtomicBool,
    driver: Waker,
}

impl Alarm {
    pub(super) fn new(driver: &Waker, rung: bool) -> Arc<Self> {
        Arc::new(Self {
            rung: AtomicBool::new(rung),
            driver: driver.clone(),
        })
    }

    /// It would wake this task.
    pub(super) fn wakes(&self, driver: &Waker) -> bool {
        self.driver.will_wake(driver)
    }

    pub(super) fn has_rung(&self) -> bool {
        self.rung.load(Ordering::Acquire)
    }

    /// True if it has rung since it was last asked this.
    pub(super) fn silence(&self) -> bool {
        self.rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.driver.wake_by_ref();
    }
}
