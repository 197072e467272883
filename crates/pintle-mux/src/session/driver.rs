//! The future that keeps a session going.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::task::yield_now;

use super::link::{Link, lock};
use super::patience::Watch;
use super::reader::Step;
use super::timer::Timer;
use crate::error::SessionEnd;
use crate::state::State;

/// Keeps a session going; resolves to the reason the session ended.
///
/// Spawn it, or poll it beside the work that uses the session. Nothing moves without it. Dropping it
/// ends the session at once with [`SessionEnd::DriverDropped`] and closes the connection.
///
/// Needs a tokio runtime with time enabled.
#[must_use = "a session does nothing unless its driver is polled"]
pub struct Driver {
    link: Arc<Link>,
    phase: Phase,
    timer: Timer,
    watch: Watch,
}

#[derive(Debug)]
enum Phase {
    Running,
    /// The session is over; the last frames are leaving.
    Closing {
        until: Instant,
        end: SessionEnd,
    },
    Done,
}

impl Driver {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            phase: Phase::Running,
            timer: Timer::default(),
            watch: Watch::default(),
        }
    }

    /// Moves what can be moved; true if the session is over.
    fn run(&mut self, cx: &mut Context<'_>) -> bool {
        self.link.expect_driver(cx.waker());
        self.chase(cx);
        if self.read() || self.link.is_corked() {
            // Others first: the runtime wakes this task when it has run all that are ready, which a
            // plain wake would not wait for.
            self.link.promise_driver();
            let _ = pin!(yield_now()).poll(cx);
        }
        loop {
            let (over, deadline) = self.write();
            if over || !self.timer.poll(cx.waker(), deadline) {
                return over;
            }
            self.link.with(|state| {
                if let Err(end) = state.tick() {
                    state.end(end);
                }
            });
            lock(&self.link.reader).shrink();
            lock(&self.link.writer).shrink();
        }
    }

    /// Looks, now and then, after tasks that were woken to use the connection.
    fn chase(&mut self, cx: &mut Context<'_>) {
        let link = &*self.link;
        self.watch.poll(&link.patience, cx.waker(), || {
            let reader = lock(&link.reader).chase(link);
            link.with(State::chase_turns) || reader
        });
    }

    /// Writes what is queued; tells whether the session is over, and when there is something to do
    /// even if nothing happens.
    fn write(&self) -> (bool, Option<Instant>) {
        let link = &*self.link;
        let mut writer = lock(&link.writer);
        if writer.has_room_again() {
            link.with(State::has_room);
        }
        if writer.is_idle()
            && let Some(deadline) = link.with(|state| state.settled().then(|| state.deadline()))
        {
            return (false, deadline);
        }
        let flushed = writer.poll_flush(link);
        drop(writer);
        link.with(|state| {
            state.start_turns();
            if flushed.is_ready() && state.is_drained() {
                state.end(SessionEnd::Closed);
            }
            (state.ended().is_some(), state.deadline())
        })
    }

    /// Reads until there is nothing to read, or others should have a chance; true in that case.
    fn read(&self) -> bool {
        let mut reader = lock(&self.link.reader);
        for _ in 0..READS_PER_POLL {
            match reader.step(&self.link) {
                Step::Progress => {}
                Step::Delivered => return true,
                Step::Offer(id) => {
                    // Woken before the lock is free, the task might find it taken.
                    drop(reader);
                    self.link.with(|state| state.offer(id));
                    return false;
                }
                Step::Blocked | Step::Left | Step::Ended => return false,
            }
        }
        true
    }

    /// Sends the last frames. After an orderly end it also waits for the peer to close, because
    /// a socket closed with something unread in it fails the peer's reads.
    fn poll_close(&self, orderly: bool) -> Poll<()> {
        ready!(self.link.poll_close());
        match orderly {
            true => lock(&self.link.reader).poll_drain(),
            false => Poll::Ready(()),
        }
    }
}

impl Future for Driver {
    type Output = SessionEnd;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<SessionEnd> {
        let this = &mut *self;
        loop {
            match &this.phase {
                Phase::Running => {
                    if this.run(cx) {
                        let (end, grace) = this.link.with(|state| {
                            let end = state.ended().cloned().unwrap_or(SessionEnd::Closed);
                            (end, state.config().close_timeout)
                        });
                        this.timer = Timer::default();
                        this.phase = Phase::Closing {
                            until: now() + grace,
                            end,
                        };
                        continue;
                    }
                    return Poll::Pending;
                }
                Phase::Closing { until, end } => {
                    let (until, end) = (*until, end.clone());
                    this.link.expect_driver(cx.waker());
                    let hopeless = matches!(end, SessionEnd::Io(_) | SessionEnd::PeerClosed);
                    if !hopeless
                        && this
                            .poll_close(matches!(end, SessionEnd::Closed))
                            .is_pending()
                        && !this.timer.poll(cx.waker(), Some(until))
                    {
                        return Poll::Pending;
                    }
                    this.link.disconnect();
                    this.phase = Phase::Done;
                    return Poll::Ready(end);
                }
                Phase::Done => return Poll::Pending,
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !matches!(self.phase, Phase::Done) {
            self.link.with(|state| state.end(SessionEnd::DriverDropped));
            self.link.disconnect();
        }
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// The runtime's time, so that tests may pause it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Reads before the driver lets other tasks run.
const READS_PER_POLL: usize = 32;
