//! What is promised of readers, writers and streams, over a broker in memory.

mod answers;
mod brokers;
mod endings;
mod pipes;
mod readers;
mod streams;
mod writers;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use pintle_core::{BoxError, Pieces};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use self::brokers::MemoryBroker;
use super::*;

/// Far longer than anything takes that is not stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what is to happen soon.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, what).await;
    done.expect("what should have happened has not")
}

/// Lets everything go on that can. Only on the runtime of one thread, where each task that can go on
/// does so before this one does.
async fn settled() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

async fn lent_reader(reader: Reader, broker: &MemoryBroker) -> Reader {
    let lent = lend_reader(reader, broker).await.unwrap();
    lent.guard.detach();
    take_reader(lent.id, broker).await.unwrap()
}

async fn lent_writer(writer: Writer, broker: &MemoryBroker) -> Writer {
    let lent = lend_writer(writer, broker).await.unwrap();
    lent.guard.detach();
    take_writer(lent.id, broker).await.unwrap()
}

async fn lent_stream<T: Item>(stream: Stream<T>, broker: &MemoryBroker) -> Stream<T> {
    let lent = lend_stream(stream, broker).await.unwrap();
    lent.guard.detach();
    let taken = take_stream(lent.id, broker, DEFAULT_MAX_ITEM_BYTES).await;
    taken.unwrap()
}

/// Tells whether what holds it is still there.
struct Held {
    _held: watch::Sender<()>,
}

fn held() -> (Held, Dropped) {
    let (sender, receiver) = watch::channel(());
    (Held { _held: sender }, Dropped { receiver })
}

/// Waits for a [`Held`] to be dropped.
struct Dropped {
    receiver: watch::Receiver<()>,
}

impl Dropped {
    async fn wait(mut self) {
        let dropped = async { while self.receiver.changed().await.is_ok() {} };
        soon(dropped).await;
    }

    fn is_held(&self) -> bool {
        self.receiver.has_changed().is_ok()
    }
}

/// A source without an end, and how much was taken from it.
struct Endless {
    taken: Arc<AtomicU64>,
    _held: Held,
}

fn endless() -> (Endless, Arc<AtomicU64>, Dropped) {
    let (held, dropped) = held();
    let taken = Arc::new(AtomicU64::new(0));
    let source = Endless {
        taken: Arc::clone(&taken),
        _held: held,
    };
    (source, taken, dropped)
}

impl AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = to.remaining();
        to.initialize_unfilled();
        to.advance(length);
        self.taken.fetch_add(length as u64, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }
}

/// A source or a sink that never gets anywhere.
struct Stuck {
    _held: Held,
}

fn stuck() -> (Stuck, Dropped) {
    let (held, dropped) = held();
    (Stuck { _held: held }, dropped)
}

impl AsyncRead for Stuck {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

/// What a sink was asked to do, in order; writes in a row are one.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Write(Vec<u8>),
    Flush,
    Shutdown,
    Dropped,
}

/// A sink that keeps what it was asked to do.
struct Recorder {
    asked: watch::Sender<Vec<Asked>>,
    /// What the next write, flush or shutdown fails with.
    write: Option<io::Error>,
    flush: Option<io::Error>,
    shutdown: Option<io::Error>,
}

fn recorder() -> (Recorder, watch::Receiver<Vec<Asked>>) {
    let (asked, seen) = watch::channel(Vec::new());
    let recorder = Recorder {
        asked,
        write: None,
        flush: None,
        shutdown: None,
    };
    (recorder, seen)
}

impl Recorder {
    fn asked(&self, what: Asked, refusal: Option<io::Error>) -> Poll<io::Result<()>> {
        if let Some(error) = refusal {
            return Poll::Ready(Err(error));
        }
        self.asked
            .send_modify(|asked| match (asked.last_mut(), what) {
                (Some(Asked::Write(written)), Asked::Write(more)) => written.extend(more),
                (_, what) => asked.push(what),
            });
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let refusal = self.write.take();
        let asked = self.asked(Asked::Write(bytes.to_vec()), refusal);
        asked.map_ok(|()| bytes.len())
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let refusal = self.flush.take();
        self.asked(Asked::Flush, refusal)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let refusal = self.shutdown.take();
        self.asked(Asked::Shutdown, refusal)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.asked(Asked::Dropped, None);
    }
}

/// A value whose bytes are those of its text.
#[derive(Clone, Debug, PartialEq)]
struct Text(String);

impl Item for Text {
    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn encode(&self, to: &mut Pieces) {
        to.put_slice(self.0.as_bytes());
    }

    fn decode(from: Bytes) -> Result<Self, BoxError> {
        Ok(Self(String::from_utf8(from.to_vec())?))
    }
}

fn text(text: impl Into<String>) -> Text {
    Text(text.into())
}

fn no_space() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "no space left")
}

#[track_caller]
fn assert_no_space<T: std::fmt::Debug>(outcome: io::Result<T>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(error.to_string(), "no space left");
}

/// Bytes that show where they are from.
fn sequence(length: usize) -> Vec<u8> {
    let bytes = (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9) >> 13) as u8);
    bytes.collect()
}
