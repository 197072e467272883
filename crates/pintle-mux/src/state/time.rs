//! What is due when: pings, and streams that lingered long enough.

use std::time::{Duration, Instant};

use super::State;
use super::stream::{Owner, StreamState};
use crate::error::SessionEnd;
use crate::frame::{Flags, Header, Kind};

#[derive(Debug)]
pub(super) struct Keepalive {
    next: Option<Instant>,
    /// The ping under way and when it was queued.
    waiting: Option<(u32, Instant)>,
    value: u32,
}

impl Keepalive {
    pub(super) fn new(interval: Option<Duration>, now: Instant) -> Self {
        Self {
            next: interval.map(|interval| now + interval),
            waiting: None,
            value: 0,
        }
    }

    /// A ping is under way.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// When the ping with this value was sent, if it is the one under way.
    pub(super) fn answered(&mut self, value: u32) -> Option<Instant> {
        let waiting = self.waiting.take_if(|(waiting, _)| *waiting == value)?;
        Some(waiting.1)
    }
}

impl State {
    /// Does what is due by now.
    pub(crate) fn tick(&mut self) -> Result<(), SessionEnd> {
        let now = (self.clock)();
        if self.sweep_at.is_some_and(|at| now >= at) {
            self.sweep(now);
        }
        if let (Some(until), Some(end)) = (self.broken_until, &self.broken)
            && now >= until
        {
            return Err(end.clone());
        }
        if let Some((_, sent)) = self.keepalive.waiting {
            if now >= sent + self.config.keepalive_timeout {
                return Err(SessionEnd::KeepaliveTimeout);
            }
        } else if self.keepalive.next.is_some_and(|next| now >= next) {
            self.ping();
        }
        Ok(())
    }

    /// When [`tick`](Self::tick) has something to do next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let ping = match self.keepalive.waiting {
            Some((_, sent)) => Some(sent + self.config.keepalive_timeout),
            None => self.keepalive.next,
        };
        ping.into_iter()
            .chain(self.sweep_at)
            .chain(self.broken_until)
            .min()
    }

    pub(super) fn ping(&mut self) {
        let Some(interval) = self.config.keepalive_interval else {
            return;
        };
        let now = (self.clock)();
        self.keepalive.value = self.keepalive.value.wrapping_add(1);
        self.keepalive.waiting = Some((self.keepalive.value, now));
        self.keepalive.next = Some(now + interval);
        self.outbox
            .push(Header::new(Kind::Ping, Flags::SYN, 0, self.keepalive.value));
        self.wakes.driver = true;
    }

    /// Resets what has lingered long enough.
    fn sweep(&mut self, now: Instant) {
        let due = |s: &StreamState| match s.owner {
            Owner::Lingering(until) => Some(until),
            _ => None,
        };
        let over = self
            .streams
            .iter()
            .filter(|(_, s)| due(s).is_some_and(|at| at <= now));
        for id in over.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.reset(id);
        }
        self.sweep_at = self.streams.values().filter_map(due).min();
    }
}
