//! A timer that costs nothing while it runs.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::time::{Instant as TokioInstant, Sleep, sleep_until};

use super::alarm::Alarm;

/// Tells when a deadline has passed, without asking the runtime each time the driver runs: the
/// runtime sets a flag and wakes the driver.
#[derive(Debug, Default)]
pub(super) struct Timer {
    armed: Option<Armed>,
}

#[derive(Debug)]
struct Armed {
    sleep: Pin<Box<Sleep>>,
    alarm: Arc<Alarm>,
}

impl Timer {
    /// True when `deadline` has passed; until then the driver will be woken at it, or a little
    /// before, when the deadline was moved back meanwhile.
    pub(super) fn poll(&mut self, driver: &Waker, deadline: Option<Instant>) -> bool {
        let Some(deadline) = deadline.map(TokioInstant::from_std) else {
            return false;
        };
        if let Some(armed) = &self.armed
            && armed.sleep.deadline() <= deadline
            && armed.alarm.wakes(driver)
            && !armed.alarm.has_rung()
        {
            return false;
        }
        let alarm = Alarm::new(driver, false);
        let waker = Waker::from(Arc::clone(&alarm));
        let mut sleep = Box::pin(sleep_until(deadline));
        match sleep.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(()) => {
                self.armed = None;
                true
            }
            Poll::Pending => {
                self.armed = Some(Armed { sleep, alarm });
                false
            }
        }
    }
}
