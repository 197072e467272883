//! What is due when: pings, and streams that lingered long enough.

use std::time::{Duration, Instant};

use super::State;
use super::stream::{Owner, StreamState};
use crate::error::SessionEnd;
use crate::frame::{Flags, Header, Kind};

#[derive(Debug)]
pub(super) struct Keepalive {
    next: Option<Instant>,
    /// The ping under way.
    waiting: Option<Waiting>,
    value: u32,
}

#[derive(Debug)]
struct Waiting {
    value: u32,
    /// When it was queued.
    sent: Instant,
    /// When a peer that sends nothing is given up.
    until: Instant,
    /// Something has arrived since.
    heard: bool,
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
        let waiting = self.waiting.take_if(|waiting| waiting.value == value)?;
        Some(waiting.sent)
    }
}

impl State {
    /// Bytes of the peer have arrived.
    pub(crate) fn heard(&mut self) {
        if let Some(waiting) = &mut self.keepalive.waiting {
            waiting.heard = true;
        }
    }

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
        if let Some(waiting) = &mut self.keepalive.waiting {
            if now >= waiting.until {
                // A peer that sends is alive: its answer is behind what it sent before, or was not
                // read yet, because this process had no time to.
                if !std::mem::take(&mut waiting.heard) {
                    return Err(SessionEnd::KeepaliveTimeout);
                }
                waiting.until = now + self.config.keepalive_timeout;
            }
        } else if self.keepalive.next.is_some_and(|next| now >= next) {
            self.ping();
        }
        Ok(())
    }

    /// When [`tick`](Self::tick) has something to do next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let ping = match &self.keepalive.waiting {
            Some(waiting) => Some(waiting.until),
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
        self.keepalive.waiting = Some(Waiting {
            value: self.keepalive.value,
            sent: now,
            until: now + self.config.keepalive_timeout,
            heard: false,
        });
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
