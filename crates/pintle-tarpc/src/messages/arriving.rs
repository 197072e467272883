//! What has come of a stream and was not understood yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, BytesMut};
use pintle_core::LongBuffer;
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

use super::Understand;
use crate::frame::{self, FrameError, LENGTH_BYTES, RESERVE_BYTES};

/// How much is read at a time, where no long message is under way.
const READ_BYTES: usize = 64 * 1024;

/// Less room than this and a read is not worth it.
const LEAST_READ_BYTES: usize = 16 * 1024;

/// Messages as they arrive: short ones many at a time, a long one into memory of its own.
#[derive(Debug, Default)]
pub(super) struct Arriving {
    short: BytesMut,
    /// A long message that is under way. Nothing is in `short` then.
    long: Option<Long>,
}

#[derive(Debug)]
struct Long {
    buffer: LongBuffer,
    length: usize,
}

impl Arriving {
    /// What the next message says, if all of it is here.
    pub(super) fn next<U: Understand>(&mut self, by: &U) -> Result<Option<U::Item>, FrameError> {
        loop {
            if let Some(long) = self.long.take_if(Long::is_whole) {
                match by.understand(long.buffer.freeze())? {
                    Some(item) => return Ok(Some(item)),
                    None => continue,
                }
            }
            let item = by.next(&mut self.short)?;
            if item.is_none() {
                self.long = self.long.take().or_else(|| Long::begin(&mut self.short));
            }
            return Ok(item);
        }
    }

    /// Reads what is there; none at the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        stream: Pin<&mut impl AsyncRead>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Some(long) = &mut self.long {
            return long.poll_read(stream, cx);
        }
        if self.short.capacity() - self.short.len() < LEAST_READ_BYTES {
            // What was handed out and dropped is room again.
            self.short.reserve(READ_BYTES);
        }
        poll_read_buf(stream, cx, &mut self.short)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.short.is_empty() && self.long.is_none()
    }
}

impl Long {
    /// Moves the beginning of a long message into memory of its own, if there is one.
    fn begin(from: &mut BytesMut) -> Option<Self> {
        let length = frame::announced(from).filter(|length| LongBuffer::is_for(*length))?;
        from.advance(LENGTH_BYTES);
        let mut buffer = LongBuffer::with_capacity(length.min(RESERVE_BYTES));
        buffer.bytes().extend_from_slice(from);
        from.clear();
        Some(Self { buffer, length })
    }

    fn is_whole(&mut self) -> bool {
        self.buffer.bytes().len() == self.length
    }

    fn poll_read(
        &mut self,
        stream: Pin<&mut impl AsyncRead>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let bytes = self.buffer.bytes();
        let missing = self.length - bytes.len();
        if bytes.len() == bytes.capacity() {
            // A peer that announces more than it sends costs no more than as much again as it sent.
            bytes.reserve_exact(missing.min(bytes.len()));
        }
        poll_read_buf(stream, cx, &mut bytes.limit(missing))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use bytes::Bytes;

    use super::*;

    /// Takes every message as it is.
    struct AsItIs;

    impl Understand for AsItIs {
        type Item = Bytes;

        fn longest(&self) -> usize {
            16 * 1024 * 1024
        }

        fn understand(&self, message: Bytes) -> Result<Option<Bytes>, FrameError> {
            Ok((message.len() != 1).then_some(message))
        }
    }

    fn arrived(mut wire: &[u8], arriving: &mut Arriving) -> Vec<Bytes> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut messages = Vec::new();
        loop {
            while let Some(message) = arriving.next(&AsItIs).unwrap() {
                messages.push(message);
            }
            match arriving.poll_read(Pin::new(&mut wire), &mut cx) {
                Poll::Ready(Ok(1..)) => {}
                _ => return messages,
            }
        }
    }

    fn framed(lengths: &[usize]) -> Vec<u8> {
        let frame = |(index, length): (usize, &usize)| {
            let head = (*length as u32).to_le_bytes();
            [&head[..], &vec![index as u8; *length]].concat()
        };
        lengths.iter().enumerate().flat_map(frame).collect()
    }

    #[test]
    fn long_messages_come_whole_among_short_ones() {
        let lengths = [3, 200_000, 0, 1, 5_000_000, 70_000, 200_000, 200_000];
        let mut arriving = Arriving::default();
        let messages = arrived(&framed(&lengths), &mut arriving);
        let came: Vec<usize> = messages.iter().map(Bytes::len).collect();
        // One of a single byte is passed over.
        assert_eq!(came, [3, 200_000, 0, 5_000_000, 70_000, 200_000, 200_000]);
        assert!(messages[3].iter().all(|byte| *byte == 4));
        assert!(arriving.is_empty());
    }

    #[test]
    fn a_long_message_that_is_cut_short_is_no_end() {
        let wire = framed(&[200_000]);
        let mut arriving = Arriving::default();
        assert!(arrived(&wire[..150_000], &mut arriving).is_empty());
        assert!(!arriving.is_empty());
    }

    #[test]
    fn a_long_announcement_costs_as_much_again_as_was_sent_or_little() {
        let mut arriving = Arriving::default();
        let wire = (16 * 1024 * 1024_u32).to_le_bytes();
        arrived(&[&wire[..], &[0; 100]].concat(), &mut arriving);
        let mut long = arriving.long.expect("it is under way");
        // Memory that is used again may be larger.
        assert!(long.buffer.bytes().capacity() <= 4 * RESERVE_BYTES);
    }
}
