//! One stream as the session sees it: two halves, two windows, what was not read yet.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Instant;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::window::ReceiveWindow;
use crate::config::INITIAL_WINDOW_BYTES;

#[derive(Debug)]
pub(crate) struct StreamState {
    pub(crate) owner: Owner,
    /// We said SYN and the peer has not answered.
    pub(crate) unanswered: bool,
    /// Our own direction is still open.
    pub(crate) writes: Half,
    /// The peer's direction is still open.
    pub(crate) reads: Half,
    pub(crate) reset: bool,
    pub(crate) unread: Unread,
    pub(crate) receive: ReceiveWindow,
    /// Bytes we may still send.
    pub(crate) send: u32,
    /// Payload and ends that were promised and have not left.
    pub(crate) unsent: usize,
    pub(crate) unsent_marks: usize,
    /// In the queue of streams that wait for the socket.
    pub(crate) waits_for_socket: bool,
    /// The task that reads, and how much room it brought.
    pub(crate) reader: Option<(Waker, usize)>,
    /// The task that reads was woken to read the payload under way itself, and has not come yet.
    pub(crate) offered: bool,
    /// The task that writes, flushes or shuts down.
    pub(crate) writer: Option<Waker>,
}

/// Who answers for a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Opened by the peer, not accepted yet.
    Backlog,
    /// A [`Stream`](crate::Stream) exists.
    Handle,
    /// Shut down and dropped; waits for the peer's own end until then.
    Lingering(Instant),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Open,
    Finished,
}

impl StreamState {
    pub(crate) fn new(owner: Owner, unanswered: bool, now: Instant) -> Self {
        Self {
            owner,
            unanswered,
            writes: Half::Open,
            reads: Half::Open,
            reset: false,
            unread: Unread::default(),
            receive: ReceiveWindow::new(now),
            send: INITIAL_WINDOW_BYTES,
            unsent: 0,
            unsent_marks: 0,
            waits_for_socket: false,
            reader: None,
            offered: false,
            writer: None,
        }
    }

    /// Nothing can happen on this stream any more.
    pub(crate) fn is_over(&self) -> bool {
        self.reset || (self.reads == Half::Finished && self.writes == Half::Finished)
    }
}

/// Bytes that arrived and were not read.
///
/// Large pieces are kept as they came. Small ones are copied together: a peer that sends one byte a
/// frame must not make us keep a heap block for each.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    chunks: VecDeque<Bytes>,
    /// Newer than every chunk.
    tail: BytesMut,
}

impl Unread {
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.tail.is_empty()
    }

    pub(crate) fn push_copy(&mut self, bytes: &[u8]) {
        if self.tail.len() + bytes.len() > TAIL_BYTES {
            self.seal();
        }
        self.tail.extend_from_slice(bytes);
    }

    pub(crate) fn push(&mut self, chunk: Bytes) {
        self.seal();
        self.chunks.push_back(chunk);
    }

    /// The oldest piece, whole.
    pub(crate) fn pop(&mut self) -> Option<Bytes> {
        let chunk = self.chunks.pop_front();
        chunk.or_else(|| (!self.tail.is_empty()).then(|| self.tail.split().freeze()))
    }

    /// Copies from the oldest piece if that piece is small; `None` means it should be popped.
    pub(crate) fn copy_small(&mut self, to: &mut impl BufMut) -> Option<usize> {
        if !self.chunks.is_empty() {
            return None;
        }
        let length = self.tail.len().min(to.remaining_mut());
        to.put_slice(&self.tail[..length]);
        self.tail.advance(length);
        Some(length)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.chunks.push_back(self.tail.split().freeze());
        }
    }
}

/// Small pieces are copied together until this size.
const TAIL_BYTES: usize = 16 * 1024;
