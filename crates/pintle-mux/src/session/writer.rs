//! The writing side of a connection: queued frames in one vectored write, and writes of streams
//! straight to the socket.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;

use super::link::{BoxWrite, Link, context};
use crate::error::{SessionEnd, StreamError};
use crate::frame::{Flags, HEADER_LEN, Header, Kind};
use crate::state::{DirectFrames, Expected, MAX_FRAMES};

pub(crate) struct Writer {
    io: Option<BoxWrite>,
    pub(crate) waker: Option<Waker>,
    /// Taken from the outbox and not written yet.
    pending: VecDeque<Bytes>,
    /// The connection has buffers of its own that hold something.
    unflushed: bool,
    vectored: bool,
    expected: Expected,
    /// Ends of frames are copied here; the memory is used again once they have left.
    scratch: BytesMut,
}

impl Writer {
    pub(crate) fn new(io: BoxWrite) -> Self {
        let vectored = io.is_write_vectored();
        Self {
            io: Some(io),
            waker: None,
            pending: VecDeque::new(),
            unflushed: false,
            vectored,
            expected: Expected {
                taken: 0,
                capacity: FIRST_CAPACITY,
            },
            scratch: BytesMut::new(),
        }
    }

    /// Gives back memory that was kept for the next time.
    pub(crate) fn shrink(&mut self) {
        self.scratch = BytesMut::new();
    }

    pub(crate) fn disconnect(&mut self) -> Option<BoxWrite> {
        self.shrink();
        self.waker = None;
        self.pending.clear();
        self.io.take()
    }

    /// Nothing is left to write but what the state may have queued.
    pub(crate) fn is_idle(&self) -> bool {
        self.pending.is_empty() && !self.unflushed && self.waker.is_some()
    }

    /// A write may go straight to the connection. Without vectored writes a header and its payload
    /// would make two pieces on the wire, so they are queued in one.
    ///
    /// Tells how much the connection should take.
    pub(crate) fn direct(&self) -> Option<Expected> {
        let ready = self.pending.is_empty() && self.waker.is_some() && self.io.is_some();
        (self.vectored && ready).then_some(self.expected)
    }

    /// The connection took less than it was given.
    fn became_full(&mut self) {
        let taken = std::mem::take(&mut self.expected.taken);
        if taken > 0 {
            self.expected.capacity = (3 * self.expected.capacity + taken) / 4;
        }
    }

    pub(crate) fn is_vectored(&self) -> bool {
        self.vectored
    }

    /// Writes what is queued, until nothing is or the connection is full.
    pub(crate) fn poll_flush(&mut self, link: &Link) -> Poll<()> {
        match ready!(self.try_flush(link)) {
            Ok(()) => {}
            Err(error) => drop(self.fail(link, error)),
        }
        Poll::Ready(())
    }

    /// A connection that cannot be written may still hold what the peer sent before; only the
    /// reading side ends the session.
    fn fail(&mut self, link: &Link, error: io::Error) -> StreamError {
        self.disconnect();
        let error = Arc::new(error);
        link.with(|state| state.break_writes(SessionEnd::Io(Arc::clone(&error))));
        StreamError::Ended(SessionEnd::Io(error))
    }

    fn try_flush(&mut self, link: &Link) -> Poll<io::Result<()>> {
        let Some(io) = &mut self.io else {
            link.with(|state| state.outbox.take(&mut self.pending));
            self.pending.clear();
            return Poll::Ready(Ok(()));
        };
        let Some(mut cx) = context(&self.waker) else {
            return Poll::Pending;
        };
        loop {
            if self.pending.is_empty() {
                link.with(|state| state.outbox.take(&mut self.pending));
                if self.pending.is_empty() {
                    break;
                }
            }
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let count = self.pending.len().min(MAX_SLICES);
            for (slice, bytes) in slices.iter_mut().zip(&self.pending) {
                *slice = IoSlice::new(bytes);
            }
            let polled = match count {
                1 => Pin::new(&mut *io).poll_write(&mut cx, &self.pending[0]),
                _ => Pin::new(&mut *io).poll_write_vectored(&mut cx, &slices[..count]),
            };
            let Poll::Ready(written) = polled else {
                self.became_full();
                return Poll::Pending;
            };
            let written = written?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            self.expected.taken += written;
            advance(&mut self.pending, written);
            link.with(|state| state.wrote(written));
        }
        if self.unflushed {
            ready!(Pin::new(io).poll_flush(&mut cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes frames of one stream, whose place the state has promised, and returns how much
    /// payload was accepted: what the connection took, up to the end of the last frame begun.
    pub(crate) fn write_direct(
        &mut self,
        link: &Link,
        id: u32,
        frames: DirectFrames,
        payload: &[IoSlice<'_>],
    ) -> Result<usize, StreamError> {
        if let [length] = *frames.lengths()
            && length <= SMALL_WRITE
        {
            return self.write_small(link, id, frames, payload);
        }
        let headers: [[u8; HEADER_LEN]; MAX_FRAMES] = std::array::from_fn(|index| {
            data_header(id, frames.lengths().get(index).copied().unwrap_or(0))
        });
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let count = interleave(&headers, payload, &frames, &mut slices);
        self.write_frames(link, id, frames, &slices[..count])
    }

    /// One plain write of a copy beats a vectored one of two pieces.
    fn write_small(
        &mut self,
        link: &Link,
        id: u32,
        frames: DirectFrames,
        payload: &[IoSlice<'_>],
    ) -> Result<usize, StreamError> {
        let length = frames.payload();
        let mut copy = std::mem::take(&mut self.scratch);
        copy.clear();
        copy.extend_from_slice(&data_header(id, length));
        for part in payload {
            let left = HEADER_LEN + length - copy.len();
            copy.extend_from_slice(&part[..part.len().min(left)]);
        }
        let wrote = self.write_frames(link, id, frames, &[IoSlice::new(&copy)]);
        // A write that failed or stopped short has put other memory in its place.
        if self.scratch.capacity() == 0 {
            copy.clear();
            self.scratch = copy;
        }
        wrote
    }

    fn write_frames(
        &mut self,
        link: &Link,
        id: u32,
        frames: DirectFrames,
        wire: &[IoSlice<'_>],
    ) -> Result<usize, StreamError> {
        let polled = match (&mut self.io, context(&self.waker), wire) {
            (Some(io), Some(mut cx), [one]) => Pin::new(io).poll_write(&mut cx, one),
            (Some(io), Some(mut cx), many) => Pin::new(io).poll_write_vectored(&mut cx, many),
            _ => Poll::Pending,
        };
        let written = match polled {
            Poll::Ready(Ok(0)) => return Err(self.fail(link, io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(written)) => written,
            Poll::Ready(Err(error)) => return Err(self.fail(link, error)),
            Poll::Pending => 0,
        };
        self.expected.taken += written;
        if written < frames.wire() {
            self.became_full();
        }
        let end = link.with(|state| state.settle(id, frames, written));
        if end > written {
            copy_range(wire, written, end, &mut self.scratch);
            self.pending.push_back(self.scratch.split().freeze());
        }
        if written > 0 {
            self.unflushed = true;
        }
        Ok(frames.payload_in(end))
    }

    /// Goes on after a direct write, as far as the connection lets; true if everything has left,
    /// else the connection will wake the driver.
    pub(crate) fn finish_direct(&mut self, link: &Link) -> bool {
        if let (true, Some(io), Some(mut cx)) =
            (self.pending.is_empty(), &mut self.io, context(&self.waker))
            && let Poll::Ready(Ok(())) = Pin::new(io).poll_flush(&mut cx)
        {
            self.unflushed = false;
            return true;
        }
        self.poll_flush(link).is_ready()
    }

    pub(crate) fn poll_shutdown(&mut self) -> Poll<()> {
        match (&mut self.io, context(&self.waker)) {
            (Some(io), Some(mut cx)) => Pin::new(io).poll_shutdown(&mut cx).map(|_| ()),
            _ => Poll::Ready(()),
        }
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}

fn data_header(id: u32, length: usize) -> [u8; HEADER_LEN] {
    let length = u32::try_from(length).expect("a frame is far below 4 GiB");
    Header::new(Kind::Data, Flags::NONE, id, length).encode()
}

/// Lays out header, payload, header, payload; returns how many slices that made.
fn interleave<'a>(
    headers: &'a [[u8; HEADER_LEN]],
    payload: &'a [IoSlice<'_>],
    frames: &DirectFrames,
    slices: &mut [IoSlice<'a>; MAX_SLICES],
) -> usize {
    let mut count = 0;
    let mut push = |slice: &'a [u8]| {
        slices[count] = IoSlice::new(slice);
        count += 1;
    };
    let mut parts = payload.iter();
    let mut part: &'a [u8] = &[];
    for (header, &length) in headers.iter().zip(frames.lengths()) {
        push(header);
        let mut left = length;
        while left > 0 {
            while part.is_empty() {
                part = parts.next().expect("frames were cut to fit the payload");
            }
            let (now, later) = part.split_at(part.len().min(left));
            push(now);
            left -= now.len();
            part = later;
        }
    }
    count
}

/// Copies the bytes from `start` to `end`, counted over all slices.
fn copy_range(slices: &[IoSlice<'_>], start: usize, end: usize, to: &mut BytesMut) {
    to.reserve(end - start);
    let mut at = 0;
    for slice in slices {
        let from = start.clamp(at, at + slice.len()) - at;
        let until = end.clamp(at, at + slice.len()) - at;
        to.extend_from_slice(&slice[from..until]);
        at += slice.len();
    }
}

fn advance(pending: &mut VecDeque<Bytes>, mut written: usize) {
    while let Some(front) = pending.front_mut() {
        if written < front.len() {
            front.advance(written);
            return;
        }
        written -= front.len();
        pending.pop_front();
    }
}

/// A payload up to this size is copied behind its header.
const SMALL_WRITE: usize = 512;

/// Slices of the caller's one direct write may consist of; more are left for the next write.
pub(crate) const MAX_PARTS: usize = 24;

/// Every part, one more piece where a frame ends inside it, and the headers.
const MAX_SLICES: usize = MAX_PARTS + 2 * MAX_FRAMES;

/// What a connection is expected to take at first: a little less than a unix socket does.
const FIRST_CAPACITY: usize = 128 * 1024;
