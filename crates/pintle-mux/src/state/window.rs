//! How much may be under way in each direction of one stream.

use std::time::{Duration, Instant};

use crate::config::INITIAL_WINDOW_BYTES;

/// What the peer may send us. At every moment
/// `credit + unread + unreported = size`, so memory for unread bytes is bounded by `size`.
#[derive(Debug)]
pub(crate) struct ReceiveWindow {
    /// Bytes the peer may still send.
    credit: u32,
    /// Bytes read by the owner of the stream and not yet granted again.
    unreported: u32,
    size: u32,
    granted_at: Instant,
}

/// What a window may grow by, and when.
#[derive(Debug)]
pub(crate) struct Growth {
    /// Bytes all windows of the session may still grow by.
    pub(crate) budget: usize,
    /// No window grows beyond this.
    pub(crate) limit: u32,
    /// The round trip, once one was measured.
    pub(crate) rtt: Option<Duration>,
}

impl ReceiveWindow {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            credit: INITIAL_WINDOW_BYTES,
            unreported: 0,
            size: INITIAL_WINDOW_BYTES,
            granted_at: now,
        }
    }

    /// Counts an arriving frame; `Err` tells how much would have been allowed.
    pub(crate) fn receive(&mut self, length: u32) -> Result<(), u32> {
        self.credit = self.credit.checked_sub(length).ok_or(self.credit)?;
        Ok(())
    }

    /// Counts bytes the owner has read, and returns what to grant the peer anew, if it is worth a
    /// frame.
    ///
    /// A window that lasts its reader less than two round trips holds the sender up; it is doubled
    /// if the reader has left nothing unread (`keeping_up`) and the session's budget allows.
    pub(crate) fn consume(
        &mut self,
        length: u32,
        keeping_up: bool,
        clock: impl FnOnce() -> Instant,
        growth: &mut Growth,
    ) -> Option<u32> {
        self.unreported += length;
        if self.unreported < self.size / 2 {
            return None;
        }
        let now = clock();
        let wanted = growth
            .rtt
            .map_or(MIN_LASTING, |rtt| MIN_LASTING.max(2 * rtt));
        let mut delta = self.unreported;
        if keeping_up && now.duration_since(self.granted_at) < wanted {
            let budget = u32::try_from(growth.budget).unwrap_or(u32::MAX);
            let extra = self
                .size
                .min(growth.limit.saturating_sub(self.size))
                .min(budget);
            self.size += extra;
            growth.budget -= extra as usize;
            delta += extra;
        }
        self.credit += delta;
        self.unreported = 0;
        self.granted_at = now;
        Some(delta)
    }

    /// Bytes taken from the session's budget.
    pub(crate) fn grown_by(&self) -> usize {
        (self.size - INITIAL_WINDOW_BYTES) as usize
    }
}

/// Half a window should last at least this long, or it is too small whatever the round trip: below
/// it the cost of waking the sender shows.
const MIN_LASTING: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(budget: usize) -> Growth {
        Growth {
            budget,
            limit: 4 * INITIAL_WINDOW_BYTES,
            rtt: None,
        }
    }

    #[test]
    fn a_grant_comes_at_half_the_window() {
        let (now, mut growth) = (Instant::now(), growth(0));
        let mut window = ReceiveWindow::new(now);
        let half = INITIAL_WINDOW_BYTES / 2;
        window.receive(half).unwrap();
        assert_eq!(window.consume(half - 1, true, || now, &mut growth), None);
        assert_eq!(window.consume(1, true, || now, &mut growth), Some(half));
        assert_eq!(window.receive(INITIAL_WINDOW_BYTES), Ok(()));
        assert_eq!(window.receive(1), Err(0));
    }

    #[test]
    fn a_window_grows_only_for_a_reader_that_keeps_up_and_only_within_the_budget() {
        let now = Instant::now();
        let half = INITIAL_WINDOW_BYTES / 2;
        let grant = |keeping_up, later, budget| {
            let (mut window, mut growth) = (ReceiveWindow::new(now), growth(budget));
            window.receive(half).unwrap();
            window
                .consume(half, keeping_up, || now + later, &mut growth)
                .map(|delta| delta - half)
        };
        assert_eq!(
            grant(true, Duration::ZERO, usize::MAX),
            Some(INITIAL_WINDOW_BYTES)
        );
        assert_eq!(grant(true, Duration::ZERO, 1000), Some(1000));
        assert_eq!(grant(false, Duration::ZERO, usize::MAX), Some(0));
        assert_eq!(grant(true, MIN_LASTING, usize::MAX), Some(0));
    }

    #[test]
    fn a_long_round_trip_makes_a_window_grow_that_lasts_longer() {
        let now = Instant::now();
        let mut window = ReceiveWindow::new(now);
        let mut growth = Growth {
            rtt: Some(Duration::from_millis(100)),
            ..growth(usize::MAX)
        };
        window.receive(INITIAL_WINDOW_BYTES).unwrap();
        let later = now + Duration::from_millis(150);
        let delta = window.consume(INITIAL_WINDOW_BYTES, true, || later, &mut growth);
        assert_eq!(delta, Some(2 * INITIAL_WINDOW_BYTES));
        assert_eq!(window.grown_by(), INITIAL_WINDOW_BYTES as usize);
    }
}
