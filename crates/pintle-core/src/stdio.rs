//! What a plugin writes to its own stdout and stderr, on its way to the host.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use crate::output::StdioChannel;

/// How much may wait for the host to take it.
const QUEUE_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// How much of one channel waits as one chunk.
///
/// A plugin that prints faster than the host listens, byte by byte, is heard in
/// large pieces, and costs no more to queue than what it printed.
const CHUNK_LIMIT_BYTES: usize = 64 * 1024;

/// How long a full queue of which nothing is taken holds the plugin's output back before output
/// is lost.
///
/// A plugin that prints from the very thread that has to send would otherwise
/// wait for itself for ever.
const STALL: Duration = Duration::from_secs(1);

/// The plugin's standard outputs, to be sent to the host. A clone is the same outputs.
///
/// Order is kept within a channel, and nothing is sent twice. While a host
/// listens nothing is lost, unless it takes nothing at all for a second with the
/// queue full; nor is anything for a second before the first host listens. What is
/// lost is counted, and told in the plugin's log. Once the host has left off listening,
/// what does not fit is lost at once.
#[derive(Clone, Default)]
pub struct StdioSource {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Notify,
    room: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(StdioChannel, BytesMut)>,
    queued_bytes: usize,
    /// How many writers may still bring something.
    writers: usize,
    attached: bool,
    /// Whether anybody has ever listened.
    known: bool,
    /// A full queue was waited for in vain; cleared when the listener takes something.
    stalled: bool,
    /// How many chunks were taken.
    taken: u64,
    lost_bytes: u64,
    /// How many of those the log has told of.
    told_bytes: u64,
    /// Something was lost and nothing taken since: more may follow.
    losing: bool,
}

impl StdioSource {
    /// Begins to listen; `None` while somebody else does.
    pub fn attach(&self) -> Option<StdioStream> {
        let mut state = self.shared.lock();
        if state.attached {
            return None;
        }
        state.attached = true;
        state.known = true;
        state.stalled = false;
        drop(state);
        Some(StdioStream {
            shared: Arc::clone(&self.shared),
        })
    }

    /// How many bytes were lost so far because nobody took them.
    pub fn lost_bytes(&self) -> u64 {
        self.shared.lock().lost_bytes
    }

    /// How many bytes were lost that nobody was told about, at the end; from now on they count as told.
    #[cfg_attr(
        not(unix),
        allow(dead_code, reason = "told where outputs are captured")
    )]
    pub(crate) fn take_untold(&self) -> Option<u64> {
        self.shared.lock().take_untold()
    }

    /// Waits until nobody writes any more, so that all which was lost is counted. Blocks, for
    /// `patience` at most: a child of the plugin may hold its outputs for ever.
    #[cfg(unix)]
    pub(crate) fn writers_gone(&self, patience: Duration) {
        let some = |state: &mut State| state.writers > 0;
        let state = self.shared.lock();
        drop(self.shared.room.wait_timeout_while(state, patience, some));
    }

    /// A new writer; listeners hear the end when all writers are gone.
    pub(crate) fn writer(&self, channel: StdioChannel) -> StdioWriter {
        self.shared.lock().writers += 1;
        StdioWriter {
            shared: Arc::clone(&self.shared),
            channel,
        }
    }
}

impl fmt::Debug for StdioSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("StdioSource")
            .field("queued_bytes", &state.queued_bytes)
            .field("attached", &state.attached)
            .field("lost_bytes", &state.lost_bytes)
            .finish()
    }
}

/// The one listener of a [`StdioSource`]; dropping it lets another attach.
pub struct StdioStream {
    shared: Arc<Shared>,
}

impl StdioStream {
    /// The next chunk; `None` when the plugin will write no more. Cancel-safe.
    pub async fn next(&mut self) -> Option<(StdioChannel, Bytes)> {
        loop {
            let arrived = self.shared.arrived.notified();
            {
                let mut state = self.shared.lock();
                if let Some((channel, chunk)) = state.queue.pop_front() {
                    state.queued_bytes -= chunk.len();
                    state.stalled = false;
                    state.losing = false;
                    state.taken += 1;
                    self.shared.room.notify_all();
                    return Some((channel, chunk.freeze()));
                }
                if state.writers == 0 {
                    return None;
                }
            }
            arrived.await;
        }
    }
}

impl Drop for StdioStream {
    fn drop(&mut self) {
        self.shared.lock().attached = false;
        self.shared.room.notify_all();
    }
}

impl fmt::Debug for StdioStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdioStream").finish_non_exhaustive()
    }
}

/// Brings what one channel's pipe gives. Blocks: for a thread of its own.
pub(crate) struct StdioWriter {
    shared: Arc<Shared>,
    channel: StdioChannel,
}

impl StdioWriter {
    /// Queues a chunk; waits for room while somebody takes, or may yet come to take.
    pub(crate) fn push(&self, chunk: &[u8]) {
        let fits = |state: &State| state.queued_bytes + chunk.len() <= QUEUE_LIMIT_BYTES;
        let mut state = self.shared.lock();
        while !fits(&state) && state.may_be_taken() {
            let taken = state.taken;
            let nothing_yet = |state: &mut State| state.taken == taken && state.may_be_taken();
            let waited = self
                .shared
                .room
                .wait_timeout_while(state, STALL, nothing_yet);
            let timeout;
            (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state.stalled |= timeout.timed_out();
        }
        if !fits(&state) {
            state.lost_bytes += chunk.len() as u64;
            state.losing = true;
            return;
        }
        state.append(self.channel, chunk);
        self.shared.arrived.notify_one();
    }

    /// How many bytes were lost that nobody was told about, if it seems to be over; from now on
    /// they count as told.
    #[cfg_attr(
        not(unix),
        allow(dead_code, reason = "told where outputs are captured")
    )]
    pub(crate) fn take_untold(&self) -> Option<u64> {
        let mut state = self.shared.lock();
        if state.losing {
            return None;
        }
        state.take_untold()
    }
}

impl Drop for StdioWriter {
    fn drop(&mut self) {
        self.shared.lock().writers -= 1;
        self.shared.arrived.notify_one();
        self.shared.room.notify_all();
    }
}

impl State {
    /// Whether it is worth waiting for room.
    fn may_be_taken(&self) -> bool {
        !self.stalled && (self.attached || !self.known)
    }

    fn take_untold(&mut self) -> Option<u64> {
        let untold = self.lost_bytes - std::mem::replace(&mut self.told_bytes, self.lost_bytes);
        (untold > 0).then_some(untold)
    }

    fn append(&mut self, channel: StdioChannel, chunk: &[u8]) {
        self.queued_bytes += chunk.len();
        match self.queue.back_mut() {
            Some((last, begun))
                if *last == channel && begun.len() + chunk.len() <= CHUNK_LIMIT_BYTES =>
            {
                begun.extend_from_slice(chunk);
            }
            _ => self.queue.push_back((channel, BytesMut::from(chunk))),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn order_is_kept_and_the_end_is_heard() {
        use StdioChannel::{Stderr, Stdout};
        let source = StdioSource::default();
        let (out, err) = (source.writer(Stdout), source.writer(Stderr));
        for (writer, byte) in [(&out, b"1"), (&err, b"2"), (&out, b"3"), (&out, b"4")] {
            writer.push(byte);
        }
        drop((out, err));
        let mut stream = source.attach().unwrap();
        let mut heard = Vec::new();
        while let Some((channel, chunk)) = stream.next().await {
            heard.push((channel, chunk));
        }
        let expected = [(Stdout, "1"), (Stderr, "2"), (Stdout, "34")];
        assert_eq!(
            heard,
            expected.map(|(channel, text)| (channel, Bytes::from(text)))
        );
    }

    #[test]
    fn only_one_listens_at_a_time() {
        let source = StdioSource::default();
        let first = source.attach();
        assert!(source.attach().is_none());
        drop(first);
        assert!(source.attach().is_some());
    }

    #[test]
    fn what_does_not_fit_once_nobody_listens_any_more_is_lost_and_counted() {
        let source = StdioSource::default();
        let out = source.writer(StdioChannel::Stdout);
        drop(source.attach());
        let chunk = vec![0; QUEUE_LIMIT_BYTES / 4];
        for _ in 0..5 {
            out.push(&chunk);
        }
        assert_eq!(source.lost_bytes(), chunk.len() as u64);
        assert_eq!(source.shared.lock().queued_bytes, QUEUE_LIMIT_BYTES);
    }

    #[test]
    fn a_loss_is_told_once_when_it_is_over_or_at_the_end() {
        let source = StdioSource::default();
        let out = source.writer(StdioChannel::Stdout);
        let mut stream = source.attach().unwrap();
        let chunk = vec![0; QUEUE_LIMIT_BYTES];
        out.push(&chunk);
        out.push(b"123");
        assert_eq!((source.lost_bytes(), out.take_untold()), (3, None));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(stream.next()).unwrap();
        assert_eq!((out.take_untold(), out.take_untold()), (Some(3), None));
        drop(stream);
        out.push(&chunk);
        out.push(&chunk);
        assert_eq!(out.take_untold(), None);
        assert_eq!(source.take_untold(), Some(chunk.len() as u64));
    }

    #[test]
    fn the_first_listener_is_waited_for() {
        let source = StdioSource::default();
        let out = source.writer(StdioChannel::Stdout);
        out.push(&vec![0; QUEUE_LIMIT_BYTES]);
        let writer = std::thread::spawn(move || out.push(b"1"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut stream = source.attach().unwrap();
        while runtime.block_on(stream.next()).is_some() {}
        writer.join().unwrap();
        assert_eq!(source.lost_bytes(), 0);
    }

    #[test]
    fn a_full_queue_holds_the_writer_back_until_the_listener_takes_something() {
        let source = StdioSource::default();
        let out = source.writer(StdioChannel::Stdout);
        let mut stream = source.attach().unwrap();
        let chunk = vec![0; QUEUE_LIMIT_BYTES / 2];
        let writer = std::thread::spawn(move || (0..8).for_each(|_| out.push(&chunk)));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let heard = runtime.block_on(async {
            let mut heard = 0;
            while let Some((_, chunk)) = stream.next().await {
                heard += chunk.len();
            }
            heard
        });
        writer.join().unwrap();
        assert_eq!((heard, source.lost_bytes()), (4 * QUEUE_LIMIT_BYTES, 0));
    }
}
