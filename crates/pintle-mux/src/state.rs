//! The session as a value: frames and calls go in, frames and wake-ups come out, nothing is read,
//! written or timed here.
//!
//! This file holds the life of sessions and streams; [`inbound`] what a frame of the peer does,
//! [`outbound`] writing, [`unread`] reading, [`time`] what is due when.

mod frames;
mod ids;
mod inbound;
mod outbound;
mod outbox;
mod stream;
mod table;
mod time;
mod unread;
mod wakes;
mod window;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use self::ids::UsedIds;
use self::outbox::Outbox;
use self::stream::{Half, Owner, StreamState};
use self::table::Table;
use self::time::Keepalive;
use self::window::Growth;
use crate::config::{Config, INITIAL_WINDOW_BYTES};
use crate::error::{OpenError, ProtocolError, SessionEnd};
use crate::frame::{Flags, Header, Kind};

pub(crate) use self::frames::Expected;
pub(crate) use self::inbound::Payload;
pub(crate) use self::outbound::{QUEUED_PER_STREAM, SMALL_BYTES, Write};
pub(crate) use self::unread::Read;
pub(crate) use self::wakes::Wakes;

/// Which ids are ours: odd for the side that connected, even for the side that listened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// Everything two peers and any number of tasks share about one session.
#[derive(Debug)]
pub(crate) struct State {
    role: Role,
    config: Config,
    streams: Table,
    next_id: u32,
    peer_ids: UsedIds,
    /// Opened by the peer, in the order of their SYNs.
    backlog: VecDeque<u32>,
    /// Our opens without an answer.
    unanswered: usize,
    /// When to look for streams that have lingered long enough.
    sweep_at: Option<Instant>,
    /// Opens wait until the outbox is empty, not only for an answer.
    openers_wait: bool,
    growth: Growth,
    pub(crate) outbox: Outbox,
    /// Streams with a large write in hand, in turn.
    socket_queue: VecDeque<u32>,
    turn: Option<outbound::Turn>,
    streak: outbound::Streak,
    /// The connection took nothing of the last large write, and the driver has not said since that
    /// it may.
    full: bool,
    closing: bool,
    peer_going_away: bool,
    end: Option<SessionEnd>,
    /// Why nothing can be written, and how long the peer's last bytes may take to arrive.
    broken: Option<SessionEnd>,
    broken_until: Option<Instant>,
    keepalive: Keepalive,
    clock: fn() -> Instant,
    counters: Counters,
    pub(crate) wakes: Wakes,
}

/// What a session has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Streams in existence, whoever opened them, including those that wait to be accepted and
    /// those that linger.
    pub streams: usize,
    /// Streams opened here.
    pub opened: u64,
    /// Streams of the peer that were accepted here.
    pub accepted: u64,
    /// Streams of the peer that were refused, because there were too many or the session closes.
    pub refused: u64,
    /// Streams the peer reset.
    pub resets: u64,
    /// Payload bytes that arrived.
    pub bytes_in: u64,
    /// Payload bytes given to the connection or queued for it.
    pub bytes_out: u64,
    /// Frames that arrived.
    pub frames_in: u64,
    /// Times a write had to wait because the peer had not read enough.
    pub window_stalls: u64,
    /// The last measured round trip.
    pub rtt: Option<Duration>,
}

impl State {
    /// `clock` is asked where a moment must be remembered, which is not once per frame.
    pub(crate) fn new(role: Role, mut config: Config, clock: fn() -> Instant) -> Self {
        config.max_stream_window_bytes = config.max_stream_window_bytes.max(INITIAL_WINDOW_BYTES);
        Self {
            role,
            streams: Table::default(),
            next_id: if role == Role::Client { 1 } else { 2 },
            peer_ids: UsedIds::new(),
            backlog: VecDeque::new(),
            unanswered: 0,
            sweep_at: None,
            openers_wait: false,
            growth: Growth {
                budget: config.window_budget_bytes,
                limit: config.max_stream_window_bytes,
                rtt: None,
            },
            outbox: Outbox::default(),
            socket_queue: VecDeque::new(),
            turn: None,
            streak: outbound::Streak::new(0, clock()),
            full: false,
            closing: false,
            peer_going_away: false,
            end: None,
            broken: None,
            broken_until: None,
            keepalive: Keepalive::new(config.keepalive_interval, clock()),
            clock,
            counters: Counters::default(),
            wakes: Wakes::default(),
            config,
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            streams: self.streams.len(),
            ..self.counters
        }
    }

    /// No stream exists and nothing waits to be sent.
    pub(crate) fn is_idle(&self) -> bool {
        self.streams.is_empty() && self.outbox.is_empty()
    }

    /// Opens a stream and queues its SYN; `None` if too many opens wait for the peer's answer.
    pub(crate) fn open(&mut self) -> Result<Option<u32>, OpenError> {
        if let Some(end) = self.end.as_ref().or(self.broken.as_ref()) {
            return Err(OpenError::Ended(end.clone()));
        }
        if self.closing {
            return Err(OpenError::Closing);
        }
        if self.peer_going_away {
            return Err(OpenError::PeerGoingAway);
        }
        if self.outbox.unread_controls() >= MAX_UNREAD_CONTROLS / 2 {
            self.openers_wait = true;
            return Ok(None);
        }
        if self.unanswered >= self.config.accept_backlog {
            return Ok(None);
        }
        if self.streams.len() >= self.config.max_streams {
            return Err(OpenError::TooManyStreams);
        }
        let id = self.next_id;
        self.next_id = id.checked_add(2).ok_or(OpenError::IdsExhausted)?;
        self.unanswered += 1;
        self.counters.opened += 1;
        self.streams
            .insert(id, StreamState::new(Owner::Handle, true, (self.clock)()));
        self.outbox
            .push(Header::new(Kind::WindowUpdate, Flags::SYN, id, 0));
        Ok(Some(id))
    }

    /// Takes the peer's oldest stream and queues its ACK; `None` if there is none yet.
    ///
    /// A stream that was reset while it waited is handed out all the same: whoever pairs streams
    /// with something that was said before must see each one.
    pub(crate) fn accept(&mut self) -> Result<Option<u32>, ()> {
        let Some(id) = self.backlog.pop_front() else {
            return if self.closing || self.end.is_some() {
                Err(())
            } else {
                Ok(None)
            };
        };
        let stream = self
            .streams
            .get_mut(&id)
            .expect("a stream in the backlog exists");
        stream.owner = Owner::Handle;
        self.counters.accepted += 1;
        if !stream.reset {
            self.outbox
                .push(Header::new(Kind::WindowUpdate, Flags::ACK, id, 0));
        }
        Ok(Some(id))
    }

    /// Says that no new stream is wanted; the session ends when those that are open have ended.
    pub(crate) fn close(&mut self) {
        if self.closing || self.end.is_some() {
            return;
        }
        self.closing = true;
        self.outbox
            .push(Header::new(Kind::GoAway, Flags::NONE, 0, GO_AWAY_NORMAL));
        for id in std::mem::take(&mut self.backlog) {
            self.reset(id);
        }
        self.wakes.openers = true;
        self.wakes.acceptors = true;
        self.wakes.driver = true;
    }

    /// Closing, and no stream has an owner any more.
    pub(crate) fn is_drained(&self) -> bool {
        self.closing
            && self
                .streams
                .values()
                .all(|s| matches!(s.owner, Owner::Lingering(_)))
    }

    /// Ends the session for everyone who uses it. The first reason stays.
    pub(crate) fn end(&mut self, end: SessionEnd) {
        if self.end.is_some() {
            return;
        }
        let code = match &end {
            SessionEnd::Protocol(_) => Some(GO_AWAY_PROTOCOL_ERROR),
            SessionEnd::Aborted | SessionEnd::KeepaliveTimeout => Some(GO_AWAY_NORMAL),
            _ => None,
        };
        if let Some(code) = code {
            self.outbox
                .push(Header::new(Kind::GoAway, Flags::NONE, 0, code));
        }
        self.end = Some(end);
        self.streams.retain(|_, stream| {
            self.wakes
                .task(stream.reader.take().map(|(waker, _)| waker));
            self.wakes.task(stream.writer.take());
            !matches!(stream.owner, Owner::Lingering(_))
        });
        self.wakes.everyone();
    }

    pub(crate) fn ended(&self) -> Option<&SessionEnd> {
        self.end.as_ref()
    }

    /// The owner of a stream is gone.
    ///
    /// After a shutdown the stream lingers until the peer has ended its direction too. Without one
    /// the peer must not take what it got for everything, so the stream is reset.
    pub(crate) fn drop_handle(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if stream.is_over() || self.end.is_some() {
            self.remove(id);
        } else if stream.writes == Half::Finished {
            let until = (self.clock)() + self.config.linger;
            stream.owner = Owner::Lingering(until);
            stream.unread.clear();
            self.wakes.driver |= self.sweep_at.is_none() || self.closing;
            self.sweep_at.get_or_insert(until);
        } else {
            self.reset(id);
        }
    }

    /// Ends a stream at once and tells the peer.
    pub(crate) fn reset(&mut self, id: u32) {
        self.outbox
            .push(Header::new(Kind::WindowUpdate, Flags::RST, id, 0));
        self.wakes.driver = true;
        self.remove(id);
    }

    fn remove(&mut self, id: u32) {
        let Some(stream) = self.streams.remove(&id) else {
            return;
        };
        self.growth.budget += stream.receive.grown_by();
        if stream.unanswered {
            self.answered();
        }
        if self.take_turn(id) && self.outbox.is_empty() {
            self.next_turn();
        }
        if self.closing || stream.offered {
            self.wakes.driver = true;
        }
    }

    /// One of our opens got its answer, or does not need one any more.
    fn answered(&mut self) {
        self.unanswered -= 1;
        self.wakes.openers = true;
    }

    /// Queues a frame the peer provoked. A peer that provokes and does not read is cut off.
    fn answer(&mut self, header: Header) -> Result<(), ProtocolError> {
        self.outbox.push(header);
        if self.outbox.unread_controls() > MAX_UNREAD_CONTROLS {
            return Err(ProtocolError::AnswersUnread);
        }
        Ok(())
    }
}

const GO_AWAY_NORMAL: u32 = 0;
const GO_AWAY_PROTOCOL_ERROR: u32 = 1;

/// Frames without payload that may wait for a peer that does not read; several times what one read
/// of ours can provoke.
const MAX_UNREAD_CONTROLS: usize = 16 * 1024;
