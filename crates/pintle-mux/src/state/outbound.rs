//! From a writer to the outbox, or past it.

use std::task::Waker;

use bytes::Buf;

use super::State;
use super::frames::{DirectFrames, Expected};
use super::stream::{Half, Owner};
use crate::error::{SessionEnd, StreamError};
use crate::frame::{Flags, Header, Kind};

/// What a writer may do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Write so many bytes to the connection itself, as these frames.
    Direct(DirectFrames),
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
            && (turn || self.socket_queue.is_empty())
        {
            let frames = DirectFrames::cut(length, expected);
            self.charge(id, frames.payload());
            self.outbox.promise(id, frames.wire(), frames.payload());
            return Ok(Write::Direct(frames));
        }
        if small && unsent < QUEUED_PER_STREAM {
            return Ok(Write::Queue(length.min(QUEUED_PER_STREAM - unsent)));
        }
        let stream = self.writable(id)?;
        set_waker(&mut stream.writer, waker);
        if !std::mem::replace(&mut stream.waits_for_socket, true) {
            // Whoever had the turn and found the connection taken is next all the same.
            match turn {
                true => self.socket_queue.push_front(id),
                false => self.socket_queue.push_back(id),
            }
        }
        if self.outbox.is_empty() {
            self.wakes.driver = true;
        }
        Ok(Write::Wait)
    }

    /// Queues a frame of `length` bytes for the driver.
    pub(crate) fn queue(&mut self, id: u32, length: usize, payload: impl Buf) {
        self.charge(id, length);
        let length = u32::try_from(length).expect("a queued frame is far below 4 GiB");
        self.outbox
            .push_data(Header::new(Kind::Data, Flags::NONE, id, length), payload);
        self.wakes.driver = true;
    }

    /// Accounts for a direct write that put `written` bytes on the wire, and returns where on the
    /// wire the accepted part ends: a frame that was begun must be completed, later ones are taken
    /// back unless others have queued behind them. At least one frame is always accepted, so that
    /// the driver has something to try the connection with.
    pub(crate) fn settle(&mut self, id: u32, frames: DirectFrames, written: usize) -> usize {
        let mut end = frames.frame_end(written);
        let (extra_wire, extra) = (
            frames.wire() - end,
            frames.payload() - frames.payload_in(end),
        );
        if extra_wire > 0 && self.outbox.retract(extra_wire, extra) {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.send += extra as u32;
                stream.unsent -= extra;
            }
            self.counters.bytes_out -= extra as u64;
        } else {
            end = frames.wire();
        }
        self.wrote(written);
        end
    }

    /// Bytes left; wakes those who waited for that.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.outbox.wrote(bytes);
        while let Some((id, payload)) = self.outbox.passed() {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.unsent -= payload;
                stream.unsent_marks -= 1;
                self.wakes.task(stream.writer.take());
            }
        }
        if self.outbox.is_empty() {
            if self.turn.is_none() {
                self.next_turn();
            }
            self.wakes.openers |= std::mem::take(&mut self.openers_wait);
        }
    }

    /// Lets the next large write go ahead. Its task may never come, so the driver looks again.
    pub(super) fn next_turn(&mut self) {
        self.turn = None;
        while let Some(id) = self.socket_queue.pop_front() {
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
                self.wakes.driver |= !self.socket_queue.is_empty();
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

    /// For the driver, each time it comes by: passes over a task that did not take its turn.
    pub(crate) fn chase_turns(&mut self) {
        if self.socket_queue.is_empty() || !self.outbox.is_empty() {
            return;
        }
        match &mut self.turn {
            Some(turn) if !turn.overdue => {
                turn.overdue = true;
                self.wakes.driver = true;
            }
            _ => self.next_turn(),
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

/// Payload one stream may have queued before it waits.
pub(crate) const QUEUED_PER_STREAM: usize = 64 * 1024;
