//! One direction of a flow, as it arrives.

use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::task::consume_budget;

use super::failure::Failure;
use super::frame::{Decoder, Head};

/// Reads frames from `S`. Once there was an end or an error, nothing more is to be read.
///
/// Memory is held for bytes that have come, never for a length that was only told.
#[derive(Debug)]
pub(crate) struct Incoming<S> {
    stream: S,
    decoder: Decoder,
    /// What has come and was not understood or handed out.
    unread: BytesMut,
    /// How many bytes of an item are to be handed out.
    item: Option<u64>,
}

/// How a flow ended in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    /// All of it came.
    Whole,
    /// The other side says why no more comes.
    Failed(Failure),
}

/// The next value of a flow, or what came instead of it.
#[derive(Debug)]
pub(crate) enum Next {
    Value(Bytes),
    /// It has more bytes than the limit.
    TooLong(u64),
    Ended(Ending),
}

impl<S: AsyncRead + Unpin> Incoming<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            decoder: Decoder::default(),
            unread: BytesMut::new(),
            item: None,
        }
    }

    /// What the frames come from.
    pub(crate) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Puts the next bytes into `to`, or says how the flow ended.
    pub(crate) fn poll_bytes(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<Option<Ending>>> {
        if to.remaining() == 0 {
            return Poll::Ready(Ok(None));
        }
        loop {
            let Some(left) = self.item.filter(|left| *left > 0) else {
                if let Some(ending) = ready!(self.poll_item(cx))? {
                    return Poll::Ready(Ok(Some(ending)));
                }
                continue;
            };
            let wanted = at_most(left, to.remaining());
            let here = if !self.unread.is_empty() {
                let here = wanted.min(self.unread.len());
                to.put_slice(&self.unread[..here]);
                self.unread.advance(here);
                here
            } else if wanted >= READ_BYTES {
                ready!(self.poll_direct(cx, to, wanted))?
            } else {
                ready!(self.poll_more(cx, READ_BYTES))?;
                continue;
            };
            self.item = Some(left - here as u64);
            return Poll::Ready(Ok(None));
        }
    }

    /// The next value, if it has at most `limit` bytes.
    pub(crate) fn poll_value(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
    ) -> Poll<io::Result<Next>> {
        let length = loop {
            match self.item {
                Some(length) => break length,
                None => {
                    if let Some(ending) = ready!(self.poll_item(cx))? {
                        return Poll::Ready(Ok(Next::Ended(ending)));
                    }
                }
            }
        };
        if length > limit as u64 {
            return Poll::Ready(Ok(Next::TooLong(length)));
        }
        let length = length as usize;
        while self.unread.len() < length {
            let missing = length - self.unread.len();
            let room = missing.clamp(VALUE_READ_BYTES, MAX_RESERVED_BYTES);
            ready!(self.poll_more(cx, room))?;
        }
        self.item = None;
        Poll::Ready(Ok(Next::Value(self.unread.split_to(length).freeze())))
    }

    /// Waits for the next item to begin; says how the flow ended if there is none.
    pub(crate) fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Ending>>> {
        loop {
            let head = self.decoder.next(&mut self.unread);
            match head.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))? {
                Some(Head::Item { length }) => {
                    self.item = Some(length);
                    return Poll::Ready(Ok(None));
                }
                Some(Head::Failure(failure)) => {
                    return Poll::Ready(Ok(Some(Ending::Failed(failure))));
                }
                Some(Head::End) => return Poll::Ready(Ok(Some(Ending::Whole))),
                None => ready!(self.poll_more(cx, READ_BYTES))?,
            }
        }
    }

    /// Reads into our own memory, with room for so many bytes.
    fn poll_more(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<io::Result<()>> {
        ready!(pin!(consume_budget()).poll(cx));
        self.unread.reserve(room);
        let read = pin!(self.stream.read_buf(&mut self.unread)).poll(cx);
        match ready!(read)? {
            0 => Poll::Ready(Err(broken_off())),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Reads into the reader's memory, which is larger than ours.
    fn poll_direct(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
        wanted: usize,
    ) -> Poll<io::Result<usize>> {
        ready!(pin!(consume_budget()).poll(cx));
        let mut part = ReadBuf::new(to.initialize_unfilled_to(wanted));
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        let here = part.filled().len();
        if here == 0 {
            return Poll::Ready(Err(broken_off()));
        }
        to.advance(here);
        Poll::Ready(Ok(here))
    }
}

fn at_most(length: u64, limit: usize) -> usize {
    usize::try_from(length).map_or(limit, |length| length.min(limit))
}

/// What a flow that just stops is to whoever reads it; never an end.
pub(crate) fn broken_off() -> io::Error {
    let what = "the other side went away before the end";
    io::Error::new(ErrorKind::UnexpectedEof, what)
}

/// How much is read at a time to find where frames begin; the bulk of an item goes past this memory.
///
/// A multiplexer lets a task read the connection itself if it has room for so much; with less, the
/// whole of a large item would be read elsewhere, and copied.
const READ_BYTES: usize = 16 * 1024;

/// How much is read at a time where values are small.
const VALUE_READ_BYTES: usize = 64 * 1024;

/// The most memory set aside for bytes that have yet to come.
const MAX_RESERVED_BYTES: usize = 1024 * 1024;
