//! Frames on their way out, and whose they are.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use crate::frame::Header;

/// Bytes that were promised to the connection and have not all left.
///
/// Positions count every byte of the session's outgoing side. A frame that its stream writes to the
/// socket itself takes its position here first, so the order on the wire is the order of promises
/// whoever does the writing.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    sealed: VecDeque<Bytes>,
    tail: BytesMut,
    promised: u64,
    written: u64,
    marks: VecDeque<Mark>,
    /// Frames without payload queued since the outbox was last empty.
    controls: usize,
}

/// The end of something a stream waits to see written.
#[derive(Debug)]
struct Mark {
    end: u64,
    stream: u32,
    payload: usize,
}

impl Outbox {
    /// Everything promised has left.
    pub(crate) fn is_empty(&self) -> bool {
        self.promised == self.written
    }

    /// Queues a frame that has no payload.
    pub(crate) fn push(&mut self, header: Header) {
        self.append(&header.encode());
        self.controls += 1;
    }

    /// How many frames without payload the peer has left unread, at most.
    pub(crate) fn unread_controls(&self) -> usize {
        self.controls
    }

    /// Queues a frame with as much of `payload` as its header says.
    pub(crate) fn push_data(&mut self, header: Header, mut payload: impl Buf) {
        let length = header.length as usize;
        self.tail.reserve(crate::frame::HEADER_LEN + length);
        self.append(&header.encode());
        let mut left = length;
        while left > 0 {
            let chunk = payload.chunk();
            let now = chunk.len().min(left);
            self.append(&chunk[..now]);
            payload.advance(now);
            left -= now;
        }
        self.mark(header.stream, length);
    }

    /// Remembers to tell `stream` when everything promised so far was written.
    pub(crate) fn mark(&mut self, stream: u32, payload: usize) {
        self.marks.push_back(Mark {
            end: self.promised,
            stream,
            payload,
        });
    }

    /// Takes a position for bytes that the caller writes itself, at once.
    pub(crate) fn promise(&mut self, stream: u32, wire: usize, payload: usize) {
        self.promised += wire as u64;
        self.mark(stream, payload);
    }

    /// Takes back the newest promise, of `wire` bytes, none of which has left; false if later ones
    /// hold it in place.
    pub(crate) fn retract(&mut self, wire: usize) -> bool {
        let newest = self
            .marks
            .back()
            .is_some_and(|mark| mark.end == self.promised);
        if !newest || !self.sealed.is_empty() || !self.tail.is_empty() {
            return false;
        }
        self.marks.pop_back();
        self.promised -= wire as u64;
        true
    }

    /// Moves what is queued to the end of `out`, to be written in that order.
    pub(crate) fn take(&mut self, out: &mut VecDeque<Bytes>) {
        out.append(&mut self.sealed);
        if !self.tail.is_empty() {
            out.push_back(self.tail.split().freeze());
        }
    }

    /// Counts bytes that left.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.written += bytes as u64;
        debug_assert!(self.written <= self.promised, "more left than was promised");
        if self.is_empty() {
            self.controls = 0;
        }
    }

    /// The next stream whose mark was passed, and the payload that left with it.
    pub(crate) fn passed(&mut self) -> Option<(u32, usize)> {
        self.marks.front().filter(|mark| mark.end <= self.written)?;
        self.marks
            .pop_front()
            .map(|mark| (mark.stream, mark.payload))
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.tail.len() + bytes.len() > SEAL_BYTES && !self.tail.is_empty() {
            self.sealed.push_back(self.tail.split().freeze());
        }
        self.tail.extend_from_slice(bytes);
        self.promised += bytes.len() as u64;
    }
}

/// A piece this large is written as it is; growing it further would only copy it again.
const SEAL_BYTES: usize = 64 * 1024;
