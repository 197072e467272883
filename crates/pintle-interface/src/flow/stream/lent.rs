//! A stream whose values go to the other side.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use pintle_core::{Pieces, Stream as Wire};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::Stream;
use crate::flow::frame::{END_FRAME, ItemHead, failure_frame};
use crate::flow::item::Item;
use crate::flow::reader::gone;

/// Sends what `source` gives until its end, or until the other side wants no more.
pub(crate) async fn send<T: Item>(source: Stream<T>, stream: Wire) {
    let (from, to) = tokio::io::split(stream);
    tokio::select! {
        biased;
        // The source is dropped with the other future, wherever that was.
        () = gone(from) => {}
        sent = send_all(source, to) => {
            if let Err(error) = sent {
                tracing::debug!(%error, "a stream was broken off");
            }
        }
    }
}

async fn send_all<T: Item>(
    mut source: Stream<T>,
    mut to: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut batch = Batch::default();
    let mut unflushed = false;
    while !batch.last {
        tokio::select! {
            biased;
            () = poll_fn(|cx| batch.poll_gather(&mut source, cx)) => {}
            flushed = to.flush(), if unflushed => {
                flushed?;
                unflushed = false;
                continue;
            }
        }
        to.write_all_buf(&mut batch.frames).await?;
        batch.clear();
        unflushed = true;
    }
    to.shutdown().await
}

/// Frames that leave together.
#[derive(Default)]
struct Batch {
    frames: Pieces,
    /// The end is among them.
    last: bool,
}

impl Batch {
    /// Takes what is at hand, up to a batch; ready when there is anything.
    fn poll_gather<T: Item>(&mut self, source: &mut Stream<T>, cx: &mut Context<'_>) -> Poll<()> {
        while !self.last && self.frames.len() < BATCH_BYTES {
            match source.poll_source(cx) {
                Poll::Ready(Some(Ok(value))) => self.put(&value),
                Poll::Ready(Some(Err(error))) => {
                    self.frames.put_slice(&failure_frame(&error.to_failure()));
                    self.last = true;
                }
                Poll::Ready(None) => {
                    self.frames.put_slice(&END_FRAME);
                    self.last = true;
                }
                Poll::Pending if self.frames.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(())
    }

    fn put(&mut self, value: &impl Item) {
        let length = value.encoded_len();
        let head = ItemHead::of(length);
        self.frames.reserve(head.as_bytes().len() + length);
        self.frames.put_slice(head.as_bytes());
        let start = self.frames.mark();
        value.encode(&mut self.frames);
        debug_assert_eq!(self.frames.since(start), length, "a wrong encoded_len");
    }

    fn clear(&mut self) {
        self.frames.clear();
        // The memory of one large value is not kept for all the small ones after it.
        if self.frames.capacity() > KEPT_BYTES {
            self.frames = Pieces::default();
        }
    }
}

/// A value that is at hand waits for others up to this size, and for nothing else.
const BATCH_BYTES: usize = 64 * 1024;

const KEPT_BYTES: usize = 4 * BATCH_BYTES;
