//! A bounded queue between a plugin's output and whoever takes it in their own time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

/// What a plugin prints, to be taken in one's own time; see [`OutputTo::queue`].
///
/// It never makes the plugin wait: what does not fit is lost, and counted.
///
/// [`OutputTo::queue`]: crate::OutputTo::queue
pub struct OutputQueue {
    shared: Arc<Shared>,
}

impl OutputQueue {
    /// All that has come, at least one byte; `None` once no more can come: every session that fed
    /// the queue has ended, and every [`OutputTo`](crate::OutputTo) and [`Host`](crate::Host) that
    /// could feed it is dropped. Cancel-safe.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            let changed = self.shared.changed.notified();
            {
                let mut state = self.shared.lock();
                if !state.bytes.is_empty() {
                    return Some(state.bytes.split().freeze());
                }
                if state.ended {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// How many bytes were lost so far because the queue was full.
    pub fn dropped_bytes(&self) -> u64 {
        self.shared.lock().dropped_bytes
    }
}

impl fmt::Debug for OutputQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("OutputQueue")
            .field("queued_bytes", &state.bytes.len())
            .field("dropped_bytes", &state.dropped_bytes)
            .finish_non_exhaustive()
    }
}

/// The end of a queue that is fed.
pub(super) struct Feed {
    shared: Arc<Shared>,
    capacity_bytes: usize,
}

impl Feed {
    /// Takes as much as there is room for.
    pub(super) fn push(&self, chunk: &[u8]) {
        let mut state = self.shared.lock();
        let room = self.capacity_bytes - state.bytes.len();
        let (fits, lost) = chunk.split_at(room.min(chunk.len()));
        state.bytes.extend_from_slice(fits);
        state.dropped_bytes += lost.len() as u64;
        drop(state);
        self.shared.changed.notify_one();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_one();
    }
}

/// A queue that holds at most `capacity_bytes` that nobody has taken.
pub(super) fn queue(capacity_bytes: usize) -> (Feed, OutputQueue) {
    let shared = Arc::new(Shared::default());
    let feed = Feed {
        shared: Arc::clone(&shared),
        capacity_bytes,
    };
    (feed, OutputQueue { shared })
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    bytes: BytesMut,
    dropped_bytes: u64,
    ended: bool,
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
    async fn what_does_not_fit_is_lost_and_counted() {
        let (feed, mut queue) = queue(4);
        feed.push(b"123");
        feed.push(b"456");
        feed.push(b"789");
        assert_eq!(queue.dropped_bytes(), 5);
        assert_eq!(queue.next().await.unwrap(), "1234");
        feed.push(b"abcd");
        assert_eq!(queue.next().await.unwrap(), "abcd");
        assert_eq!(queue.dropped_bytes(), 5);
    }

    #[tokio::test]
    async fn it_ends_when_it_is_fed_no_more_and_is_empty() {
        let (feed, mut queue) = queue(4);
        feed.push(b"1");
        drop(feed);
        assert_eq!(queue.next().await.unwrap(), "1");
        assert_eq!(queue.next().await, None);
    }

    #[tokio::test]
    async fn what_comes_later_is_waited_for() {
        let (feed, mut queue) = queue(4);
        let next = tokio::spawn(async move { queue.next().await });
        tokio::task::yield_now().await;
        feed.push(b"1");
        assert_eq!(next.await.unwrap().unwrap(), "1");
    }
}
