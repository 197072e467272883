//! Bytes that lie in memory, as those of the bare sockets do.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

/// How much lies in memory.
const PIECE_BYTES: usize = 256 * 1024;

/// So many bytes, the same piece of them again and again.
#[derive(Debug)]
pub(crate) struct Sevens {
    piece: Vec<u8>,
    left: u64,
}

impl Sevens {
    pub(crate) fn new(bytes: u64) -> Self {
        Self {
            piece: vec![7; PIECE_BYTES],
            left: bytes,
        }
    }
}

impl AsyncBufRead for Sevens {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let here = left.min(PIECE_BYTES);
        Poll::Ready(Ok(&self.get_mut().piece[..here]))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.left -= count as u64;
    }
}

impl AsyncRead for Sevens {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let here = ready!(self.as_mut().poll_fill_buf(cx))?;
        let here = &here[..here.len().min(to.remaining())];
        to.put_slice(here);
        let count = here.len();
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}
