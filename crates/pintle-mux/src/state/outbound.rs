//! From a writer to the outbox, or past it.

use std::task::Waker;
use std::time::{Duration, Instant};

use bytes::Buf;

use super::State;
use super::frames::Expected;
use super::stream::{Half, Owner};
use crate::error::{SessionEnd, StreamError};
use crate::frame::{Flags, HEADER_LEN, Header, Kind};

/// What a writer may do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Write so many bytes to the connection itself, as one frame.
    Direct(usize),
    /// Queue so many bytes.
    Queue(usize),
    /// Nothing yet; the task will be woken.
    Wait,
}

/// Whose large write is next.
#[derive(Debug)]
pub(super) struct Turn {
    stream: u32,
    /// The driver has come by once since.
    overdue: bool,
}

/// Large writes of one stream, one after another.
///
/// A stream may go on for a moment although others wait. What its tasks work on stays in the cache
/// meanwhile, so that many streams together are nearly as fast as one.
#[derive(Debug)]
pub(super) struct Streak {
    stream: u32,
    until: Instant,
}

impl Streak {
    pub(super) fn new(stream: u32, now: Instant) -> Self {
        Self {
            stream,
            until: now + STREAK,
        }
    }
}

impl State {
    /// Decides how a write of `wanted` bytes goes out. `direct` says that the caller holds the
    /// connection and could write to it at once.
    pub(crate) fn begin_write(
        &mut self,
        id: u32,
        wanted: usize,
        direct: Option<Expected>,
        queue_limit: usize,
        waker: &Waker,
    ) -> Result<Write, StreamError> {
        let turn = self.take_turn(id);
        let stream = self.writable(id)?;
        if stream.send == 0 {
            set_waker(&mut stream.writer, waker);
            self.counters.window_stalls += 1;
            if turn && self.outbox.is_empty() {
                self.next_turn();
            }
            return Ok(Write::Wait);
        }
        let length = wanted.min(stream.send as usize);
        let (unsent, small) = (stream.unsent, length <= queue_limit);
        if let Some(expected) = direct
            && self.outbox.is_empty()
            && !self.full
            && (turn || self.socket_queue.is_empty() || self.on_streak(id))
        {
            let length = expected.frame(length);
            self.charge(id, length);
            self.outbox.promise(id, HEADER_LEN + length, length);
            return Ok(Write::Direct(length));
        }
        if small && unsent < QUEUED_PER_STREAM {
            return Ok(Write::Queue(length.min(QUEUED_PER_STREAM - unsent)));
        }
        // Whoever had the turn and found the connection taken is next all the same.
        self.wait_for_socket(id, turn, waker);
        if self.outbox.is_empty() && !self.full {
            self.wakes.driver = true;
        }
        Ok(Write::Wait)
    }

    fn on_streak(&self, id: u32) -> bool {
        self.streak.stream == id && (self.clock)() < self.streak.until
    }

    fn wait_for_socket(&mut self, id: u32, first: bool, waker: &Waker) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        set_waker(&mut stream.writer, waker);
        if !std::mem::replace(&mut stream.waits_for_socket, true) {
            self.wakes.patience |= self.turn.is_some();
            match (first, self.socket_queue.front()) {
                (true, Some(front)) if self.on_streak(*front) => self.socket_queue.insert(1, id),
                (true, _) => self.socket_queue.push_front(id),
                (false, _) => self.socket_queue.push_back(id),
            }
        }
    }

    /// Queues a frame of `length` bytes for the driver.
    pub(crate) fn queue(&mut self, id: u32, length: usize, payload: impl Buf) {
        self.charge(id, length);
        let length = u32::try_from(length).expect("a queued frame is far below 4 GiB");
        self.outbox
            .push_data(Header::new(Kind::Data, Flags::NONE, id, length), payload);
        self.wakes.driver = true;
    }

    /// Accounts for a direct write of `length` bytes that put `written` bytes on the wire, and tells
    /// whether it stands. A frame that was begun must be completed. A large one the connection took
    /// nothing of is taken back, unless others have queued behind it; its stream waits and is next.
    pub(crate) fn settle(&mut self, id: u32, length: usize, written: usize, waker: &Waker) -> bool {
        let refused = written == 0 && length > SMALL_BYTES;
        if !refused || !self.outbox.retract(HEADER_LEN + length) {
            if self.streak.stream != id {
                self.streak = Streak::new(id, (self.clock)());
            }
            self.wrote(written);
            return true;
        }
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.send += length as u32;
            stream.unsent -= length;
            stream.unsent_marks -= 1;
        }
        self.counters.bytes_out -= length as u64;
        self.full = true;
        self.wait_for_socket(id, true, waker);
        false
    }

    /// For the driver: the connection may take more.
    pub(crate) fn has_room(&mut self) {
        self.full = false;
    }

    /// Bytes left; wakes those who waited for that.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.outbox.wrote(bytes);
        self.full &= bytes == 0;
        while let Some((id, payload)) = self.outbox.passed() {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.unsent -= payload;
                stream.unsent_marks -= 1;
                self.wakes.task(stream.writer.take());
            }
        }
        if self.outbox.is_empty() {
            match self.turn {
                None => self.next_turn(),
                // It may not have come because it could not have written.
                Some(_) => self.wakes.patience |= !self.socket_queue.is_empty(),
            }
            self.wakes.openers |= std::mem::take(&mut self.openers_wait);
        }
    }

    /// Lets the next large write go ahead. Its task may never come, so the driver looks again.
    pub(super) fn next_turn(&mut self) {
        self.turn = None;
        while !self.full
            && let Some(id) = self.socket_queue.pop_front()
        {
            let Some(stream) = self.streams.get_mut(&id) else {
                continue;
            };
            stream.waits_for_socket = false;
            if let Some(waker) = stream.writer.take() {
                self.wakes.task(Some(waker));
                self.turn = Some(Turn {
                    stream: id,
                    overdue: false,
                });
                self.wakes.patience |= !self.socket_queue.is_empty();
                return;
            }
        }
    }

    /// For the driver: there is nothing to send and nobody to pass over.
    pub(crate) fn settled(&self) -> bool {
        self.outbox.is_empty()
            && self.socket_queue.is_empty()
            && !self.closing
            && self.end.is_none()
    }

    /// For the driver, each time it comes by: lets large writes go ahead that wait for no reason.
    pub(crate) fn start_turns(&mut self) {
        if self.turn.is_none() && self.outbox.is_empty() {
            self.next_turn();
        }
    }

    /// For the driver, now and then: passes over a task that did not take its turn. True if it
    /// should look again.
    pub(crate) fn chase_turns(&mut self) -> bool {
        match &mut self.turn {
            Some(turn) if self.outbox.is_empty() && !self.socket_queue.is_empty() => {
                if std::mem::replace(&mut turn.overdue, true) {
                    self.next_turn();
                }
                true
            }
            _ => false,
        }
    }

    /// Ends the turn of `id`, if it has it.
    pub(super) fn take_turn(&mut self, id: u32) -> bool {
        self.turn.take_if(|turn| turn.stream == id).is_some()
    }

    /// True when everything the stream wrote has left; otherwise the task will be woken.
    pub(crate) fn flushed(&mut self, id: u32, waker: &Waker) -> Result<bool, StreamError> {
        let Some(stream) = self.streams.get_mut(&id) else {
            return Err(StreamError::Reset);
        };
        if stream.unsent_marks == 0 {
            return Ok(true);
        }
        if stream.reset {
            return Err(StreamError::Reset);
        }
        if let Some(end) = self.end.as_ref().or(self.broken.as_ref()) {
            return Err(StreamError::Ended(end.clone()));
        }
        set_waker(&mut stream.writer, waker);
        Ok(false)
    }

    /// Nothing can be written any more; what the peer sent before is still read.
    pub(crate) fn break_writes(&mut self, end: SessionEnd) {
        self.broken_until = Some((self.clock)() + self.config.close_timeout);
        self.broken.get_or_insert(end);
        for stream in self.streams.values_mut() {
            self.wakes.task(stream.writer.take());
        }
        self.wakes.driver = true;
        self.wakes.openers = true;
    }

    /// Ends our direction, once.
    pub(crate) fn shutdown(&mut self, id: u32) -> Result<(), StreamError> {
        let stream = self.streams.get_mut(&id).ok_or(StreamError::Reset)?;
        if stream.writes == Half::Finished {
            return Ok(());
        }
        let stream = self.writable(id)?;
        stream.writes = Half::Finished;
        stream.unsent_marks += 1;
        self.outbox
            .push(Header::new(Kind::WindowUpdate, Flags::FIN, id, 0));
        self.outbox.mark(id, 0);
        Ok(())
    }

    fn writable(&mut self, id: u32) -> Result<&mut super::StreamState, StreamError> {
        let stream = self.streams.get_mut(&id).ok_or(StreamError::Reset)?;
        debug_assert!(stream.owner == Owner::Handle, "only a handle writes");
        if stream.reset {
            return Err(StreamError::Reset);
        }
        if let Some(end) = self.end.as_ref().or(self.broken.as_ref()) {
            return Err(StreamError::Ended(end.clone()));
        }
        if stream.writes == Half::Finished {
            return Err(StreamError::ShutDown);
        }
        Ok(stream)
    }

    fn charge(&mut self, id: u32, length: usize) {
        let stream = self
            .streams
            .get_mut(&id)
            .expect("the stream was looked up before");
        stream.send -= length as u32;
        stream.unsent += length;
        stream.unsent_marks += 1;
        self.counters.bytes_out += length as u64;
    }
}

fn set_waker(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(known) if known.will_wake(waker) => {}
        _ => *slot = Some(waker.clone()),
    }
}

/// A write up to this size is queued when the connection is busy; a larger one waits for its turn,
/// so that it is not copied.
pub(crate) const SMALL_BYTES: usize = 16 * 1024;

/// How long one stream may write while others wait. A fast connection takes megabytes in it, a slow
/// one a frame.
const STREAK: Duration = Duration::from_micros(500);

/// Payload one stream may have queued before it waits.
pub(crate) const QUEUED_PER_STREAM: usize = 64 * 1024;
