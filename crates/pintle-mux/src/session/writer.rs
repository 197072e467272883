//! The writing side of a connection: queued frames in one vectored write, and writes of streams
//! straight to the socket.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;

use super::alarm::Alarm;
use super::link::{BoxWrite, Link, context};
use crate::error::{SessionEnd, StreamError};
use crate::frame::{Flags, HEADER_LEN, Header, Kind};
use crate::state::Expected;

pub(crate) struct Writer {
    io: Option<BoxWrite>,
    /// Rings when the connection may take something again.
    room: Option<Arc<Alarm>>,
    /// The alarm, as the connection wants it.
    waker: Option<Waker>,
    /// The connection took nothing of a frame that nobody keeps.
    refused: bool,
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
            room: None,
            waker: None,
            refused: false,
            pending: VecDeque::new(),
            unflushed: false,
            vectored,
            expected: Expected::new(),
            scratch: BytesMut::new(),
        }
    }

    /// Has the driver woken from now on when the connection may take something.
    pub(crate) fn expect_driver(&mut self, driver: &Waker) {
        // The connection knows the old alarm until it is tried again.
        let alarm = Alarm::new(driver, self.refused);
        self.waker = Some(Waker::from(Arc::clone(&alarm)));
        self.room = Some(alarm);
    }

    /// For the driver: true if the connection refused a frame and may take it now.
    pub(crate) fn has_room_again(&mut self) -> bool {
        let again = self.refused && self.room.as_ref().is_some_and(|alarm| alarm.silence());
        self.refused &= !again;
        again
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
                self.expected.became_full();
                return Poll::Pending;
            };
            let written = written?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            self.expected.took(written);
            advance(&mut self.pending, written);
            link.with(|state| state.wrote(written));
        }
        if self.unflushed {
            ready!(Pin::new(io).poll_flush(&mut cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes a frame of one stream, whose place the state has promised. Pending if the connection
    /// took nothing and the state has the stream wait.
    pub(crate) fn write_direct(
        &mut self,
        link: &Link,
        id: u32,
        length: usize,
        payload: &[IoSlice<'_>],
        waker: &Waker,
    ) -> Poll<Result<(), StreamError>> {
        let header = data_header(id, length);
        let mut slices = [IoSlice::new(&[]); MAX_PARTS + 1];
        let slices = lay_out(&header, payload, length, &mut slices);
        let polled = match (&mut self.io, context(&self.waker)) {
            (Some(io), Some(mut cx)) if length <= SMALL_WRITE => {
                // One plain write of a copy beats a vectored one of two pieces.
                self.scratch.clear();
                copy_from(slices, 0, &mut self.scratch);
                Pin::new(io).poll_write(&mut cx, &self.scratch)
            }
            (Some(io), Some(mut cx)) => Pin::new(io).poll_write_vectored(&mut cx, slices),
            _ => Poll::Pending,
        };
        let written = match polled {
            Poll::Ready(Ok(0)) => Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(written) => written,
            Poll::Pending => Ok(0),
        };
        let written = match written {
            Ok(written) => written,
            Err(error) => return Poll::Ready(Err(self.fail(link, error))),
        };
        self.expected.took(written);
        if written < HEADER_LEN + length {
            self.expected.became_full();
        }
        if !link.with(|state| state.settle(id, length, written, waker)) {
            self.refused = true;
            return Poll::Pending;
        }
        if written < HEADER_LEN + length {
            self.scratch.clear();
            copy_from(slices, written, &mut self.scratch);
            self.pending.push_back(self.scratch.split().freeze());
        }
        self.unflushed = true;
        Poll::Ready(Ok(()))
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

/// The header and as much of `payload` as it tells of.
fn lay_out<'a, 'b>(
    header: &'a [u8],
    payload: &'a [IoSlice<'_>],
    length: usize,
    slices: &'b mut [IoSlice<'a>; MAX_PARTS + 1],
) -> &'b [IoSlice<'a>] {
    slices[0] = IoSlice::new(header);
    let (mut count, mut left) = (1, length);
    for part in payload {
        let part = &part[..part.len().min(left)];
        slices[count] = IoSlice::new(part);
        count += 1;
        left -= part.len();
    }
    &slices[..count]
}

/// Copies all bytes from `start` on, counted over all slices.
fn copy_from(slices: &[IoSlice<'_>], mut start: usize, to: &mut BytesMut) {
    for slice in slices {
        let skipped = start.min(slice.len());
        to.extend_from_slice(&slice[skipped..]);
        start -= skipped;
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

/// Queued pieces in one write.
const MAX_SLICES: usize = 32;
