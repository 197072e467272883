//! Sources and sinks that can be watched, on either side.

use std::io::{self, Cursor, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use futures_util::stream::unfold;
use pintle::{Reader, Stream, Writer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::contract::{FAILURE, Piece, Sink, Source};
use crate::open_calls::{OpenCall, OpenCalls};
use crate::streams::write_sequence;

/// What became of the sources and sinks of one side. A clone is the same one.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    held: OpenCalls,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    taken: AtomicU64,
    delivered: AtomicU64,
}

impl Ledger {
    /// A source that is entered here.
    pub(super) fn reader(&self, of: Source) -> Reader {
        Reader::new(self.source(of))
    }

    /// A sink that is entered here.
    pub(super) fn writer(&self, to: Sink) -> Writer {
        let (bytes, then) = match to {
            Sink::Sequence(bytes) => (bytes, Then::Ends),
            Sink::Fails(bytes) => (bytes, Then::Fails),
            Sink::Stops(bytes) => (bytes, Then::Stops),
        };
        Writer::new(Filled {
            expected: sequence(bytes),
            filled: 0,
            then,
            counts: Arc::clone(&self.counts),
            _held: self.held.enter(),
        })
    }

    /// A source that is entered here, in pieces.
    pub(super) fn stream(&self, of: Source) -> Stream<Piece> {
        Stream::try_new(unfold(
            (self.source(of), 0),
            |(mut source, number)| async move {
                let mut bytes = vec![0; PIECE_BYTES];
                let piece = match source.read(&mut bytes).await {
                    Ok(0) => return None,
                    Ok(length) => {
                        bytes.truncate(length);
                        Ok(Piece { number, bytes })
                    }
                    Err(error) => Err(error),
                };
                Some((piece, (source, number + 1)))
            },
        ))
    }

    /// Waits until exactly so many sources and sinks have not been dropped.
    pub(super) async fn held(&self, exactly: u64) {
        self.held.reach(exactly).await;
    }

    /// How many bytes were taken from all sources.
    pub(super) fn taken(&self) -> u64 {
        self.counts.taken.load(Ordering::SeqCst)
    }

    /// How many sinks were shut down.
    pub(super) fn delivered(&self) -> u64 {
        self.counts.delivered.load(Ordering::SeqCst)
    }

    fn source(&self, of: Source) -> Taken {
        let (bytes, then) = match of {
            Source::Sequence(bytes) => (bytes, Then::Ends),
            Source::Fails(bytes) => (bytes, Then::Fails),
            Source::Stops(bytes) => (bytes, Then::Stops),
            Source::Endless => (0, Then::Repeats),
        };
        Taken {
            bytes: Cursor::new(sequence(bytes)),
            then,
            counts: Arc::clone(&self.counts),
            _held: self.held.enter(),
        }
    }
}

/// The first so many bytes of what [`write_sequence`] writes.
pub(super) fn sequence(bytes: u64) -> Vec<u8> {
    let mut sequence = Vec::new();
    let written = write_sequence(&mut sequence, bytes).now_or_never();
    written
        .expect("memory does not wait")
        .expect("memory does not fail");
    sequence
}

/// As much as a piece has at most: no number that anything else is a multiple of.
pub(super) const PIECE_BYTES: usize = 10_007;

/// What comes after the bytes.
#[derive(Clone, Copy)]
enum Then {
    Ends,
    Fails,
    Stops,
    Repeats,
}

fn failure() -> io::Error {
    let (kind, text) = FAILURE;
    io::Error::new(kind, text)
}

/// Where bytes are taken from.
struct Taken {
    bytes: Cursor<Vec<u8>>,
    then: Then,
    counts: Arc<Counts>,
    _held: OpenCall,
}

impl AsyncRead for Taken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        if self.bytes.position() == self.bytes.get_ref().len() as u64 {
            match self.then {
                Then::Ends => {}
                Then::Fails => return Poll::Ready(Err(failure())),
                Then::Stops => return Poll::Pending,
                Then::Repeats => {
                    ready!(std::pin::pin!(tokio::task::consume_budget()).poll(cx));
                    to.initialize_unfilled().fill(7);
                    to.advance(to.remaining());
                }
            }
        }
        ready!(Pin::new(&mut self.bytes).poll_read(cx, to))?;
        let taken = to.filled().len() - before;
        self.counts.taken.fetch_add(taken as u64, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }
}

/// Where bytes go to.
struct Filled {
    expected: Vec<u8>,
    filled: usize,
    then: Then,
    counts: Arc<Counts>,
    _held: OpenCall,
}

impl AsyncWrite for Filled {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = &self.expected[self.filled..];
        if left.is_empty() {
            match self.then {
                Then::Fails => return Poll::Ready(Err(failure())),
                Then::Stops => return Poll::Pending,
                _ => return Poll::Ready(Err(ErrorKind::InvalidInput.into())),
            }
        }
        let here = bytes.len().min(left.len());
        if left[..here] != bytes[..here] {
            return Poll::Ready(Err(ErrorKind::InvalidData.into()));
        }
        self.filled += here;
        Poll::Ready(Ok(here))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.filled < self.expected.len() {
            return Poll::Ready(Err(ErrorKind::WriteZero.into()));
        }
        self.counts.delivered.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }
}
