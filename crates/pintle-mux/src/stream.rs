//! One of the streams that share a session.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::consume_budget;

use crate::session::{Link, MAX_PARTS, Pulled, Step, try_lock};
use crate::state::{QUEUED_PER_STREAM, Read, SMALL_BYTES, Write};

/// A byte stream in both directions, each with its own end.
///
/// - `shutdown` ends the writing direction; reading goes on until the peer has ended its own.
/// - Dropping a stream that was shut down is quiet; if the peer still sends, it is told with a reset.
/// - Dropping a stream that was **not** shut down resets it, because the peer must not take half a
///   message for a whole one.
/// - After a reset by the peer, what had arrived is still read, then reads fail with
///   [`ConnectionReset`](io::ErrorKind::ConnectionReset), as writes do at once; it is never a clean
///   end.
/// - When the session ends, what had arrived is still read; then reads and writes fail with the
///   reason, unless the peer had ended the stream before.
///
/// Every read and write may be dropped at any time; none loses bytes.
#[derive(Debug)]
pub struct Stream {
    id: u32,
    link: Arc<Link>,
    /// A large piece being copied out, and how long it was.
    current: Bytes,
    owed: usize,
    /// Something was written that may not have left.
    unflushed: bool,
}

impl Stream {
    pub(crate) fn new(id: u32, link: Arc<Link>) -> Self {
        Self {
            id,
            link,
            current: Bytes::new(),
            owed: 0,
            unflushed: false,
        }
    }

    /// The id on the wire: odd if the connecting side opened the stream.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The peer has reset the stream, or the session is over.
    pub fn is_reset(&self) -> bool {
        self.link.with(|state| state.is_reset(self.id))
    }

    /// Reads the next piece as it lies in memory, without copying; `None` at the end.
    ///
    /// Pieces have the sizes the connection gave them, up to 256 KiB. Cancel-safe.
    ///
    /// # Errors
    ///
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset) if the peer reset the stream, or the
    /// reason the session ended.
    pub async fn read_chunk(&mut self) -> io::Result<Option<Bytes>> {
        std::future::poll_fn(|cx| self.poll_read_chunk(cx)).await
    }

    /// The polled form of [`read_chunk`](Self::read_chunk).
    ///
    /// # Errors
    ///
    /// As [`read_chunk`](Self::read_chunk).
    pub fn poll_read_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        ready!(pin!(consume_budget()).poll(cx));
        if !self.current.is_empty() {
            let chunk = std::mem::take(&mut self.current);
            self.settle();
            return Poll::Ready(Ok(Some(chunk)));
        }
        match self
            .link
            .with(|state| state.read_chunk(self.id, cx.waker()))?
        {
            Read::Chunk(chunk) => {
                self.owed = chunk.len();
                self.settle();
                Poll::Ready(Ok(Some(chunk)))
            }
            Read::End => Poll::Ready(Ok(None)),
            Read::Copied { .. } | Read::Wait => Poll::Pending,
        }
    }

    /// Tells the peer about a piece that has left the session's memory.
    fn settle(&mut self) {
        let owed = std::mem::take(&mut self.owed);
        if owed > 0 && self.link.with(|state| state.consumed(self.id, owed)) {
            self.link.flush_inline();
        }
    }

    fn copy_current(&mut self, to: &mut ReadBuf<'_>) {
        let length = self.current.len().min(to.remaining());
        to.put_slice(&self.current[..length]);
        self.current.advance(length);
        if self.current.is_empty() {
            self.current = Bytes::new();
            self.settle();
        }
    }

    /// Reads the connection on behalf of this stream, if nobody else is at it.
    fn pull(&self, to: &mut ReadBuf<'_>) -> Pulled {
        let Some(mut reader) = try_lock(&self.link.reader) else {
            // Whoever reads may count on this task to come.
            self.link.wake_driver();
            return Pulled::Nothing;
        };
        let (pulled, last) = reader.pull(&self.link, self.id, to);
        drop(reader);
        if let Step::Offer(id) = last {
            self.link.with(|state| state.offer(id));
        }
        if pulled != Pulled::Nothing {
            // What was read may have called for answers.
            self.link.flush_inline();
        }
        if !matches!(last, Step::Blocked | Step::Left | Step::Offer(_)) {
            // The connection may have more that this stream will not come for.
            self.link.wake_driver();
        }
        pulled
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if to.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        ready!(pin!(consume_budget()).poll(cx));
        if !self.current.is_empty() {
            self.copy_current(to);
            return Poll::Ready(Ok(()));
        }
        let mut may_pull = to.remaining() >= WORTH_PULLING;
        loop {
            let id = self.id;
            match self.link.with(|state| state.read(id, to, cx.waker()))? {
                Read::Copied { granted } => {
                    if granted {
                        self.link.flush_inline();
                    }
                    return Poll::Ready(Ok(()));
                }
                Read::Chunk(chunk) => {
                    self.owed = chunk.len();
                    self.current = chunk;
                    self.copy_current(to);
                    return Poll::Ready(Ok(()));
                }
                Read::End => return Poll::Ready(Ok(())),
                Read::Wait if !std::mem::take(&mut may_pull) => return Poll::Pending,
                Read::Wait => match self.pull(to) {
                    Pulled::Direct => return Poll::Ready(Ok(())),
                    Pulled::Indirect => {}
                    Pulled::Nothing => return Poll::Pending,
                },
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(pin!(consume_budget()).poll(cx));
        let this = &mut *self;
        let parts = &parts[..parts.len().min(MAX_PARTS)];
        let wanted = parts.iter().map(|part| part.len()).sum();
        if wanted == 0 {
            return Poll::Ready(Ok(0));
        }
        let mut writer = try_lock(&this.link.writer);
        let hold_back = wanted <= SMALL_BYTES && this.link.is_corked();
        let direct = writer
            .as_ref()
            .filter(|_| !hold_back)
            .and_then(|writer| writer.direct());
        let queue_limit = match &writer {
            Some(writer) if !writer.is_vectored() => QUEUED_PER_STREAM,
            _ => SMALL_BYTES,
        };
        let begun = this.link.with(|state| {
            let write = state.begin_write(this.id, wanted, direct, queue_limit, cx.waker());
            if let Ok(Write::Queue(length)) = write {
                state.queue(this.id, length, Parts { parts, at: 0 });
            }
            write
        })?;
        match (begun, &mut writer) {
            (Write::Direct(length), Some(writer)) => {
                let wrote = writer.write_direct(&this.link, this.id, length, parts, cx.waker());
                if wrote.is_ready() {
                    this.unflushed |= !writer.finish_direct(&this.link);
                }
                wrote.map_ok(|()| length).map_err(io::Error::from)
            }
            (Write::Queue(length), writer) => {
                if let Some(writer) = writer.as_mut().filter(|writer| !writer.is_vectored()) {
                    let _ = writer.poll_flush(&this.link);
                }
                this.unflushed = true;
                Poll::Ready(Ok(length))
            }
            (Write::Wait, _) => Poll::Pending,
            (Write::Direct(_), None) => unreachable!("a direct write needs the connection"),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Ready when the connection has taken everything this stream wrote.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unflushed {
            let id = self.id;
            if !self.link.with(|state| state.flushed(id, cx.waker()))? {
                return Poll::Pending;
            }
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the writing direction; ready when the connection has taken its end.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.with(|state| state.shutdown(self.id))?;
        self.unflushed = true;
        self.link.flush_inline();
        self.poll_flush(cx)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.link.with(|state| state.drop_handle(self.id));
    }
}

/// Several slices as one [`Buf`].
struct Parts<'a> {
    parts: &'a [IoSlice<'a>],
    at: usize,
}

impl Buf for Parts<'_> {
    fn remaining(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum::<usize>() - self.at
    }

    fn chunk(&self) -> &[u8] {
        self.parts.first().map_or(&[], |part| &part[self.at..])
    }

    fn advance(&mut self, count: usize) {
        self.at += count;
        while let Some((first, rest)) = self.parts.split_first().filter(|(f, _)| f.len() <= self.at)
        {
            self.at -= first.len();
            self.parts = rest;
        }
    }
}

/// Below this a read leaves the connection to the driver, which reads for all streams at once.
const WORTH_PULLING: usize = 16 * 1024;
