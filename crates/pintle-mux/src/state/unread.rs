//! From an arriving payload to the reader of its stream.

use std::task::Waker;

use bytes::{BufMut, Bytes};

use super::State;
use super::stream::{Half, Unread};
use crate::error::StreamError;
use crate::frame::{Flags, Header, Kind};

/// What a reader gets.
#[derive(Debug)]
pub(crate) enum Read {
    /// Bytes were copied; `granted` if a frame for the peer was queued.
    Copied { granted: bool },
    /// A large piece, better copied without the lock. It counts as unread until
    /// [`State::consumed`].
    Chunk(Bytes),
    /// The peer ended its direction and everything was read.
    End,
    /// Nothing yet; the task will be woken.
    Wait,
}

impl State {
    /// Keeps a small piece of payload; true if a task had waited for it.
    pub(crate) fn deliver_copy(&mut self, id: u32, bytes: &[u8]) -> bool {
        self.deliver_by(id, |unread| unread.push_copy(bytes))
    }

    /// Keeps a large piece of payload; true if a task had waited for it.
    pub(crate) fn deliver(&mut self, id: u32, chunk: Bytes) -> bool {
        self.deliver_by(id, |unread| unread.push(chunk))
    }

    fn deliver_by(&mut self, id: u32, push: impl FnOnce(&mut Unread)) -> bool {
        let Some(stream) = self.streams.get_mut(&id).filter(|stream| !stream.reset) else {
            return false;
        };
        push(&mut stream.unread);
        let waker = stream.reader.take().map(|(waker, _)| waker);
        let woken = waker.is_some();
        self.wakes.task(waker);
        woken
    }

    /// A task waits for this stream with a buffer that is worth reading into directly.
    pub(crate) fn wants_direct(&self, id: u32) -> bool {
        self.streams.get(&id).is_some_and(|stream| {
            let room = stream.reader.as_ref().map_or(0, |(_, room)| *room);
            stream.unread.is_empty() && room >= WORTH_AN_OFFER
        })
    }

    /// Wakes the task that reads this stream, to read the payload under way itself.
    pub(crate) fn offer(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id)
            && let Some((waker, _)) = stream.reader.take()
        {
            stream.offered = true;
            self.wakes.task(Some(waker));
            self.wakes.patience = true;
        } else {
            self.wakes.driver = true;
        }
    }

    /// The task that was offered the payload under way has not come yet, and may.
    pub(crate) fn awaits_reader(&self, id: u32) -> bool {
        self.streams.get(&id).is_some_and(|stream| stream.offered)
    }

    /// The task that was offered the payload under way does not come.
    pub(crate) fn give_up_offer(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.offered = false;
        }
    }

    /// The peer has reset the stream, or the session is over.
    pub(crate) fn is_reset(&self, id: u32) -> bool {
        self.end.is_some() || self.streams.get(&id).is_none_or(|stream| stream.reset)
    }

    pub(crate) fn has_unread(&self, id: u32) -> bool {
        self.streams.get(&id).is_none_or(|stream| {
            !stream.unread.is_empty() || stream.reset || stream.reads == Half::Finished
        })
    }

    /// Reads, or leaves `waker` to be woken when something changes.
    pub(crate) fn read(
        &mut self,
        id: u32,
        to: &mut impl BufMut,
        waker: &Waker,
    ) -> Result<Read, StreamError> {
        let room = to.remaining_mut();
        let stream = self.streams.get_mut(&id).ok_or(StreamError::Reset)?;
        if !stream.unread.is_empty() {
            let Some(length) = stream.unread.copy_small(to) else {
                return Ok(stream.unread.pop().map_or(Read::Wait, Read::Chunk));
            };
            let granted = self.consumed(id, length);
            return Ok(Read::Copied { granted });
        }
        self.end_or_wait(id, room, waker)
    }

    /// Takes the oldest piece as it came.
    pub(crate) fn read_chunk(&mut self, id: u32, waker: &Waker) -> Result<Read, StreamError> {
        let stream = self.streams.get_mut(&id).ok_or(StreamError::Reset)?;
        match stream.unread.pop() {
            Some(chunk) => Ok(Read::Chunk(chunk)),
            None => self.end_or_wait(id, 0, waker),
        }
    }

    fn end_or_wait(&mut self, id: u32, room: usize, waker: &Waker) -> Result<Read, StreamError> {
        let stream = self.streams.get_mut(&id).ok_or(StreamError::Reset)?;
        if stream.reset {
            return Err(StreamError::Reset);
        }
        if stream.reads == Half::Finished {
            return Ok(Read::End);
        }
        if let Some(end) = &self.end {
            return Err(StreamError::Ended(end.clone()));
        }
        if std::mem::take(&mut stream.offered) && room < WORTH_AN_OFFER {
            self.wakes.driver = true;
        }
        match &mut stream.reader {
            Some((known, old_room)) if known.will_wake(waker) => *old_room = room,
            other => *other = Some((waker.clone(), room)),
        }
        Ok(Read::Wait)
    }

    /// Bytes have left for good; the peer may send as many again. True if a frame that says so was
    /// queued, which the caller should send.
    pub(crate) fn consumed(&mut self, id: u32, length: usize) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else {
            return false;
        };
        if stream.reads == Half::Finished || stream.reset {
            return false;
        }
        let length = u32::try_from(length).expect("a stream never holds more than its window");
        let keeping_up = stream.unread.is_empty();
        let grant = stream
            .receive
            .consume(length, keeping_up, self.clock, &mut self.growth);
        if let Some(delta) = grant {
            self.outbox
                .push(Header::new(Kind::WindowUpdate, Flags::NONE, id, delta));
            if self.growth.rtt.is_none() && !self.keepalive.is_waiting() {
                self.ping();
            }
        }
        grant.is_some()
    }
}

/// Below this a copy is cheaper than waking the reader first.
const WORTH_AN_OFFER: usize = 16 * 1024;
