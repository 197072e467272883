//! The pipes of a plugin's process, read to what was written last.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

/// How much is read from a pipe at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// How long a pipe of a process that has ended may be silent before it counts as read to its end.
///
/// A grandchild that left the plugin's process group may hold it open for ever. What the process
/// itself wrote is there already: time passes only once all of that has been read. Where the runner
/// can tell how much that was, the pipe ends by itself: see `runner/outlet.rs`.
const SILENCE: Duration = Duration::from_millis(100);

/// How long is waited for more at most, however often a grandchild breaks the silence.
const LAST_TIME: Duration = Duration::from_millis(300);

/// How much is read after that time, while there is something.
///
/// No user's pipe on Linux holds more, unless the administrator allows it; so all that the process
/// wrote is in it, however much a grandchild writes on.
const LAST_BYTES: usize = 1024 * 1024;

/// The readers of one process's pipes. A clone is the same readers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pipes {
    readers: Tasks,
    /// The process writes no more.
    ended: CancellationToken,
}

impl Pipes {
    /// A pipe, to be read by one of the readers.
    pub(super) fn pipe<R>(&self, source: R) -> Pipe<R> {
        Pipe {
            source,
            ended: self.ended.clone(),
            last: None,
            chunk: Vec::new(),
        }
    }

    /// Runs a reader until it is done or the pipes are given up.
    pub(super) fn read(&self, reader: impl Future<Output = ()> + Send + 'static) {
        self.readers.spawn(reader);
    }

    /// Waits until all that the process wrote has been read, once it has ended. A grandchild that
    /// still writes is not waited for; whoever takes what is read is. Cancel-safe.
    pub(crate) async fn read_out(&self) {
        self.ended.cancel();
        self.readers.tracker().close();
        self.readers.tracker().wait().await;
    }

    /// Reads no more. Cancel-safe.
    pub(crate) async fn give_up(&self) {
        self.readers.finish().await;
    }

    /// The token whose cancellation ends the readers.
    pub(super) fn stopping(&self) -> &CancellationToken {
        self.readers.stopping()
    }
}

/// One of a process's outputs.
pub(super) struct Pipe<R> {
    source: R,
    ended: CancellationToken,
    /// Since the process ended: until when and how much is read of what others write.
    last: Option<(Instant, usize)>,
    chunk: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    /// The next bytes; `None` at the end, and when nothing that the process wrote can be left.
    pub(super) async fn next(&mut self) -> Option<&[u8]> {
        if self.chunk.is_empty() {
            self.chunk = vec![0; CHUNK_BYTES];
        } else {
            // A plugin that floods its outputs must not keep the host from its calls.
            tokio::task::yield_now().await;
        }
        let read = self.read().await?;
        Some(&self.chunk[..read])
    }

    async fn read(&mut self) -> Option<usize> {
        if self.last.is_none() && !self.ended.is_cancelled() {
            tokio::select! {
                biased;
                read = self.source.read(&mut self.chunk) => return some(read),
                () = self.ended.cancelled() => {}
            }
        }
        let (last, left) = *self
            .last
            .get_or_insert_with(|| (Instant::now() + LAST_TIME, LAST_BYTES));
        let now = Instant::now();
        if left == 0 && now >= last {
            return None;
        }
        // The pipe is tried once more when the time has passed, and the runtime has by then looked
        // at it: silence is never taken for a runtime that has not got round to it.
        let waiting = timeout_at(last.min(now + SILENCE), self.source.read(&mut self.chunk));
        let read = some(waiting.await.ok()?)?;
        self.last = Some((last, left.saturating_sub(read)));
        Some(read)
    }
}

/// How much was read, unless it is the end.
fn some(read: std::io::Result<usize>) -> Option<usize> {
    read.ok().filter(|read| *read > 0)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::AsyncWriteExt;

    use super::*;

    fn read_all(
        pipes: &Pipes,
        source: impl AsyncRead + Send + Unpin + 'static,
    ) -> Arc<Mutex<usize>> {
        let heard = Arc::new(Mutex::new(0));
        let (mut pipe, count) = (pipes.pipe(source), Arc::clone(&heard));
        pipes.read(async move {
            while let Some(bytes) = pipe.next().await {
                *count.lock().unwrap() += bytes.len();
            }
        });
        heard
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_in_the_pipe_at_the_end_is_read_though_another_holds_it_open() {
        let (mut theirs, ours) = tokio::io::duplex(LAST_BYTES);
        theirs.write_all(&vec![7; LAST_BYTES]).await.unwrap();
        let pipes = Pipes::default();
        let heard = read_all(&pipes, ours);
        pipes.read_out().await;
        assert_eq!(*heard.lock().unwrap(), LAST_BYTES);
        drop(theirs);
    }

    /// Writes to a pipe without end, with a pause after each write; how long it is read once the
    /// process has ended.
    async fn read_of_a_chatterer(bytes: usize, pause: Duration) -> Duration {
        let (mut theirs, ours) = tokio::io::duplex(bytes);
        let pipes = Pipes::default();
        read_all(&pipes, ours);
        let writing = tokio::spawn(async move {
            while theirs.write_all(&vec![7; bytes]).await.is_ok() {
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            }
        });
        let begin = Instant::now();
        pipes.read_out().await;
        let took = begin.elapsed();
        writing.await.unwrap();
        took
    }

    #[tokio::test(start_paused = true)]
    async fn who_writes_now_and_then_is_not_waited_for() {
        for pause in [
            SILENCE / 2,
            SILENCE - Duration::from_millis(1),
            SILENCE / 100,
        ] {
            let took = read_of_a_chatterer(16, pause).await;
            assert!(took <= LAST_TIME + Duration::from_millis(1), "{took:?}");
        }
    }

    #[tokio::test]
    async fn who_writes_all_the_time_is_not_waited_for() {
        read_of_a_chatterer(CHUNK_BYTES, Duration::ZERO).await;
    }

    #[tokio::test]
    async fn a_pipe_that_ends_is_not_waited_for() {
        let (theirs, ours) = tokio::io::duplex(64);
        let pipes = Pipes::default();
        let heard = read_all(&pipes, ours);
        drop(theirs);
        pipes.readers.tracker().close();
        // The process is not said to have ended: only the end of the pipe ends this.
        pipes.readers.tracker().wait().await;
        assert_eq!(*heard.lock().unwrap(), 0);
    }
}
