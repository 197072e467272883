//! A peer that says what it is told to, in pieces. Part of the `fuzzing` module of several crates.

#![allow(dead_code, reason = "each crate takes what it needs")]

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Cuts `bytes` into pieces whose lengths are drawn from the bytes themselves.
///
/// So a file of the corpus is just what a peer sends, and is cut in the same places every time.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    // FNV-1a makes a seed of the bytes, and xorshift numbers of the seed.
    let mut number = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    }) | 1;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        // Most of them a few bytes, now and then many.
        let longest = if number & 7 == 0 { 256 } else { 8 };
        let length = 1 + (number >> 32) as usize % longest;
        let (piece, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        Some(piece)
    })
}

/// A stream on which the peer says its pieces, pausing before each, and then no more. What it is
/// told is counted.
#[derive(Debug)]
pub(crate) struct Script {
    pieces: VecDeque<Vec<u8>>,
    paused: bool,
    /// How many bytes were read.
    pub(crate) said: usize,
    /// How many bytes were written.
    pub(crate) told: Arc<AtomicUsize>,
}

impl Script {
    /// All of it at once.
    pub(crate) fn whole(bytes: &[u8]) -> Self {
        Self::of([bytes])
    }

    /// In [`pieces`].
    pub(crate) fn cut(bytes: &[u8]) -> Self {
        Self::of(pieces(bytes))
    }

    fn of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self {
            pieces: pieces.into_iter().map(<[u8]>::to_vec).collect(),
            paused: false,
            said: 0,
            told: Arc::default(),
        }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.paused = !self.paused;
        if self.paused {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(mut piece) = self.pieces.pop_front() {
            let rest = piece.split_off(piece.len().min(to.remaining()));
            to.put_slice(&piece);
            self.said += piece.len();
            if !rest.is_empty() {
                self.pieces.push_front(rest);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.told.fetch_add(bytes.len(), Ordering::Relaxed);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What comes of a future that waits for nothing but a [`Script`].
pub(crate) fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    for _ in 0..MOST_POLLS {
        if let Poll::Ready(done) = poll_once(future.as_mut()) {
            return done;
        }
    }
    panic!("it waits for something that the peer has not said");
}

/// One step of a future that nobody wakes.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Far more than the pieces of the longest input.
const MOST_POLLS: usize = 10_000_000;
