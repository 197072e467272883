//! The reading side of a connection: bytes in, frames to the state, payload to its stream.
//!
//! Headers and small frames go through one small buffer and are copied. The payload of a large
//! frame is read from the socket into the place where it stays: the buffer of the task that waits
//! for it if there is one, else a piece of memory that the stream keeps and hands on as [`Bytes`].

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker, ready};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncReadExt, ReadBuf};

use super::alarm::Alarm;
use super::link::{BoxRead, Link, context};
use crate::error::SessionEnd;
use crate::frame::{HEADER_LEN, Header};
use crate::state::{Payload, State};

pub(crate) struct Reader {
    io: Option<BoxRead>,
    /// Rings when the connection has something to read again.
    arrival: Option<Arc<Alarm>>,
    /// The alarm, as the connection wants it.
    waker: Option<Waker>,
    buffer: BytesMut,
    /// The payload under way.
    payload: Option<Payload>,
    /// Where the payload under way is gathered if nobody reads it directly.
    chunk: BytesMut,
    offer: Offer,
    /// The payload under way is large, or the last one was. The next read of a header then asks for
    /// nothing else, so that a large payload behind it is not read into the small buffer.
    bulk: bool,
    was_large: bool,
}

/// How far the task that could read the payload under way directly has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    /// It knows nothing.
    None,
    /// It was woken and has not come yet.
    Made,
    /// The driver has looked once since.
    Overdue,
    /// It came and found nothing; it is woken again when something arrives.
    Early,
}

/// What reading the connection brought for one stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pulled {
    /// Bytes, in the caller's buffer.
    Direct,
    /// Something that the state knows.
    Indirect,
    /// Nothing; the task will be woken.
    Nothing,
}

/// How far one step came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Something arrived.
    Progress,
    /// A large piece arrived, and the task that waited for it was woken. It may want the rest.
    Delivered,
    /// The connection has nothing; the driver will be woken when it has.
    Blocked,
    /// A large payload of this stream is next, and the task that waits for it should be woken to
    /// read it.
    Offer(u32),
    /// A large payload was offered, and its task may still come.
    Left,
    /// The session ended.
    Ended,
}

impl Reader {
    pub(crate) fn new(io: BoxRead) -> Self {
        Self {
            io: Some(io),
            arrival: None,
            waker: None,
            buffer: BytesMut::with_capacity(BUFFER_BYTES),
            payload: None,
            chunk: BytesMut::new(),
            offer: Offer::None,
            bulk: false,
            was_large: false,
        }
    }

    /// Has the driver woken from now on when something arrives.
    pub(crate) fn expect_driver(&mut self, driver: &Waker) {
        let alarm = Alarm::new(driver, false);
        self.waker = Some(Waker::from(Arc::clone(&alarm)));
        self.arrival = Some(alarm);
        // The connection knows the new waker only after the next read.
        self.offer = Offer::None;
    }

    /// Gives back memory that was kept for the next time.
    pub(crate) fn shrink(&mut self) {
        self.chunk = BytesMut::new();
    }

    pub(crate) fn disconnect(&mut self) -> Option<BoxRead> {
        self.waker = None;
        self.buffer = BytesMut::new();
        self.shrink();
        self.io.take()
    }

    /// One read of the connection and what follows from it, unless what comes next was or should
    /// be offered to the task that waits for it.
    pub(crate) fn step(&mut self, link: &Link) -> Step {
        let Some((id, left)) = self.large_payload() else {
            return self.fill_buffer(link);
        };
        let (awaited, wanted) =
            link.with(|state| (state.awaits_reader(id), state.wants_direct(id)));
        match self.offer {
            Offer::Made | Offer::Overdue if awaited => Step::Left,
            Offer::Early if wanted && !self.has_arrived() => Step::Blocked,
            _ if wanted => {
                self.offer = Offer::Made;
                Step::Offer(id)
            }
            _ => {
                self.offer = Offer::None;
                self.fill_chunk(link, id, left)
            }
        }
    }

    /// For the driver, now and then: gives up a task that does not come. True if it should look
    /// again.
    pub(crate) fn chase(&mut self, link: &Link) -> bool {
        match (self.offer, self.large_payload()) {
            (Offer::Made, _) => {
                self.offer = Offer::Overdue;
                return true;
            }
            (Offer::Overdue, Some((id, _))) => link.with(|state| state.give_up_offer(id)),
            _ => {}
        }
        false
    }

    fn has_arrived(&self) -> bool {
        self.arrival.as_ref().is_some_and(|alarm| alarm.silence())
    }

    /// For the task that reads stream `id` and found nothing: reads the connection until there is
    /// something for it, straight into `to` where that is possible. Also tells the last step.
    pub(crate) fn pull(&mut self, link: &Link, id: u32, to: &mut ReadBuf<'_>) -> (Pulled, Step) {
        let mut pulled = Pulled::Nothing;
        let mut steps = 0;
        loop {
            let step = match self.large_payload() {
                Some((stream, left)) if stream == id => {
                    let step = self.read_into(link, id, left, to);
                    if step == Step::Progress {
                        pulled = Pulled::Direct;
                    }
                    step
                }
                _ => self.step(link),
            };
            let read = matches!(step, Step::Progress | Step::Delivered);
            if read && pulled == Pulled::Nothing {
                pulled = Pulled::Indirect;
            }
            let enough = to.remaining() < LARGE_BYTES && pulled == Pulled::Direct;
            steps += 1;
            if !read || enough || steps == PULL_STEPS || link.with(|state| state.has_unread(id)) {
                return (pulled, step);
            }
        }
    }

    /// Reads and discards until the peer closes.
    pub(crate) fn poll_drain(&mut self) -> Poll<()> {
        loop {
            self.buffer.clear();
            self.buffer.reserve(BUFFER_BYTES);
            let mut buffer = std::mem::take(&mut self.buffer);
            let read = self.poll_read(&mut (&mut buffer).limit(BUFFER_BYTES));
            self.buffer = buffer;
            match ready!(read) {
                Ok(length) if length > 0 => {}
                _ => return Poll::Ready(()),
            }
        }
    }

    fn large_payload(&self) -> Option<(u32, usize)> {
        let payload = self
            .payload
            .filter(|_| self.bulk && self.buffer.is_empty())?;
        Some((payload.stream?, payload.left as usize))
    }

    /// Reads payload into `to`, and the header behind it in the same go.
    fn read_into(&mut self, link: &Link, id: u32, left: usize, to: &mut ReadBuf<'_>) -> Step {
        let before = to.filled().len();
        let read = self.poll_read(&mut (&mut *to).limit(left + HEADER_LEN));
        let length = match self.arrived(link, read) {
            Ok(length) => length.min(left),
            Err(step) => {
                self.offer = Offer::Early;
                return step;
            }
        };
        // What follows the payload is the next header. It lies where the next payload will go.
        self.buffer
            .extend_from_slice(&to.filled()[before + length..]);
        to.set_filled(before + length);
        self.take_payload(length);
        self.offer = Offer::None;
        link.with(|state| {
            state.heard();
            state.consumed(id, length);
            self.finish_payload(state);
            match self.parse(state) {
                Ok(_) => Step::Progress,
                Err(end) => {
                    state.end(end);
                    Step::Ended
                }
            }
        })
    }

    fn fill_chunk(&mut self, link: &Link, id: u32, left: usize) -> Step {
        let left = left.min(CHUNK_BYTES);
        if self.chunk.capacity() < left.min(LARGE_BYTES) {
            self.chunk.reserve(left);
        }
        let room = self.chunk.capacity().min(left);
        let mut chunk = std::mem::take(&mut self.chunk);
        let read = self.poll_read(&mut (&mut chunk).limit(room));
        self.chunk = chunk;
        let length = match self.arrived(link, read) {
            Ok(length) => length,
            Err(step) => return step,
        };
        let piece = self.chunk.split().freeze();
        self.take_payload(length);
        link.with(|state| {
            state.heard();
            let woken = state.deliver(id, piece);
            self.finish_payload(state);
            if woken {
                Step::Delivered
            } else {
                Step::Progress
            }
        })
    }

    fn fill_buffer(&mut self, link: &Link) -> Step {
        let room = match self.payload {
            None if self.bulk => HEADER_LEN.saturating_sub(self.buffer.len()).max(1),
            _ => BUFFER_BYTES - self.buffer.len(),
        };
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.reserve(room);
        let read = self.poll_read(&mut (&mut buffer).limit(room));
        self.buffer = buffer;
        if let Err(step) = self.arrived(link, read) {
            return step;
        }
        let parsed = link.with(|state| {
            state.heard();
            let parsed = self.parse(state);
            if state.wakes.tasks() > 1 {
                link.cork();
            }
            parsed
        });
        match parsed {
            Ok(true) => Step::Delivered,
            Ok(false) => Step::Progress,
            Err(end) => {
                link.with(|state| state.end(end));
                Step::Ended
            }
        }
    }

    /// Takes frames off the buffer until less than one piece is left. True if that is the beginning
    /// of a large payload, and woke the task that could read the rest itself.
    fn parse(&mut self, state: &mut State) -> Result<bool, SessionEnd> {
        loop {
            if let Some(payload) = self.payload {
                let length = self.buffer.len().min(payload.left as usize);
                let woken = match payload.stream.filter(|_| length > 0) {
                    Some(id) => self.deliver(state, id, length),
                    None => {
                        self.buffer.advance(length);
                        false
                    }
                };
                self.take_payload(length);
                self.finish_payload(state);
                if self.payload.is_some() {
                    return Ok(woken && self.large_payload().is_some());
                }
            }
            let Some(bytes) = self.buffer.first_chunk() else {
                return Ok(false);
            };
            let header = Header::decode(bytes).map_err(|e| SessionEnd::Protocol(e.into()))?;
            self.buffer.advance(HEADER_LEN);
            self.payload = state.on_header(header)?;
            let large = self
                .payload
                .is_some_and(|payload| payload.left as usize >= LARGE_BYTES);
            // One small frame may be the end of something large.
            self.bulk = large || std::mem::replace(&mut self.was_large, large);
            self.offer = Offer::None;
        }
    }

    /// Hands on so much of a payload; true if a task had waited for it.
    fn deliver(&mut self, state: &mut State, id: u32, length: usize) -> bool {
        if length >= BUFFER_BYTES / 2 {
            // It keeps the whole buffer in memory, which is at most twice its length.
            return state.deliver(id, self.buffer.split_to(length).freeze());
        }
        let woken = state.deliver_copy(id, &self.buffer[..length]);
        self.buffer.advance(length);
        woken
    }

    fn take_payload(&mut self, length: usize) {
        if let Some(payload) = &mut self.payload {
            payload.left -= length as u32;
        }
    }

    fn finish_payload(&mut self, state: &mut State) {
        if let Some(payload) = self.payload.take_if(|payload| payload.left == 0) {
            state.on_payload_end(payload);
        }
    }

    fn poll_read(&mut self, to: &mut impl BufMut) -> Poll<io::Result<usize>> {
        match (&mut self.io, context(&self.waker)) {
            (Some(io), Some(mut cx)) => pin!(io.read_buf(to)).poll(&mut cx),
            _ => Poll::Pending,
        }
    }

    /// The bytes a read brought, or why there are none.
    fn arrived(&self, link: &Link, read: Poll<io::Result<usize>>) -> Result<usize, Step> {
        let end = match read {
            Poll::Pending => return Err(Step::Blocked),
            Poll::Ready(Ok(0)) if self.payload.is_none() && self.buffer.is_empty() => {
                SessionEnd::PeerClosed
            }
            Poll::Ready(Ok(0)) => {
                SessionEnd::Io(io::Error::from(io::ErrorKind::UnexpectedEof).into())
            }
            Poll::Ready(Ok(length)) => return Ok(length),
            Poll::Ready(Err(error)) => SessionEnd::Io(error.into()),
        };
        link.with(|state| state.end(end));
        Err(Step::Ended)
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}

/// The buffer for headers and small frames.
const BUFFER_BYTES: usize = 64 * 1024;

/// A payload with at least this much to come is read where it stays.
const LARGE_BYTES: usize = 16 * 1024;

/// The most memory taken at once for a payload nobody reads yet.
const CHUNK_BYTES: usize = 256 * 1024;

/// Frames of other streams a task passes on while it looks for its own.
const PULL_STEPS: usize = 16;
