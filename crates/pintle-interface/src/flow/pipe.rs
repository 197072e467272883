//! A writer and a reader of the same bytes, in memory.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::consume_budget;

use super::failure::Failure;
use super::incoming::{Ending, broken_off};
use super::reader::Reader;
use super::writer::Writer;

/// A writer and a reader of what is written to it: give one to a call and keep the other.
///
/// Up to 64 KiB are held between them; a writer that is further ahead waits.
/// The end is the end only after a shutdown: a writer that was dropped without
/// one fails the reader with [`UnexpectedEof`](ErrorKind::UnexpectedEof), and
/// one that [failed](Writer::fail) does so with that error. Once the reader is
/// dropped, writes fail with [`BrokenPipe`](ErrorKind::BrokenPipe).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use pintle_interface::flow::pipe;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// let (mut writer, mut reader) = pipe();
/// writer.write_all(b"through memory").await?;
/// writer.shutdown().await?;
///
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// assert_eq!(text, "through memory");
/// # Ok(())
/// # }
/// ```
pub fn pipe() -> (Writer, Reader) {
    let shared = Arc::new(Mutex::new(Shared::default()));
    let end = PipeEnd {
        shared: Arc::clone(&shared),
    };
    (Writer::pipe(end), Reader::new(PipeSource { shared }))
}

#[derive(Debug, Default)]
struct Shared {
    bytes: VecDeque<u8>,
    /// How the writing ended, once it has.
    ending: Option<Result<Ending, ()>>,
    reader_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Shared {
    fn end(&mut self, ending: Result<Ending, ()>) {
        self.ending.get_or_insert(ending);
        self.reader.take().into_iter().for_each(Waker::wake);
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a pipe is written to.
#[derive(Debug)]
pub(crate) struct PipeEnd {
    shared: Arc<Mutex<Shared>>,
}

impl PipeEnd {
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(pin!(consume_budget()).poll(cx));
        let mut shared = lock(&self.shared);
        if shared.reader_gone || shared.ending.is_some() {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let here = bytes.len().min(PIPE_BYTES - shared.bytes.len());
        if here == 0 && !bytes.is_empty() {
            shared.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        shared.bytes.extend(&bytes[..here]);
        shared.reader.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(here))
    }

    /// Nothing follows, and it is the whole.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let mut shared = lock(&self.shared);
        if shared.reader_gone && shared.ending.is_none() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        shared.end(Ok(Ending::Whole));
        Ok(())
    }

    /// Nothing follows, and it is not the whole.
    pub(crate) fn fail(self, failure: Failure) {
        lock(&self.shared).end(Ok(Ending::Failed(failure)));
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        lock(&self.shared).end(Err(()));
    }
}

/// Where a pipe is read from.
#[derive(Debug)]
struct PipeSource {
    shared: Arc<Mutex<Shared>>,
}

impl AsyncRead for PipeSource {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(pin!(consume_budget()).poll(cx));
        let mut shared = lock(&self.shared);
        if shared.bytes.is_empty() {
            return match &shared.ending {
                Some(Ok(Ending::Whole)) => Poll::Ready(Ok(())),
                Some(Ok(Ending::Failed(failure))) => Poll::Ready(Err(failure.to_io())),
                Some(Err(())) => Poll::Ready(Err(broken_off())),
                None => {
                    shared.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        }
        let (first, _) = shared.bytes.as_slices();
        let here = first.len().min(to.remaining());
        to.put_slice(&first[..here]);
        shared.bytes.drain(..here);
        shared.writer.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }
}

impl Drop for PipeSource {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.reader_gone = true;
        shared.bytes = VecDeque::new();
        shared.writer.take().into_iter().for_each(Waker::wake);
    }
}

/// How much is held between a writer and its reader.
const PIPE_BYTES: usize = 64 * 1024;
