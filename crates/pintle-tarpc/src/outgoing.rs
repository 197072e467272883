//! What waits to be sent on a stream.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pintle_core::Pieces;

/// How much is gathered before whoever has more waits, in bytes.
///
/// A single message may be longer; the bound is on what waits before it.
const GATHER_BYTES: usize = 128 * 1024;

/// Messages that were written by many tasks and leave through one, together.
///
/// A message is written straight into what is sent, or sent from where it lies. Memory is used again:
/// there are two buffers, one that is filled while the other leaves.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    gathered: Pieces,
    /// The task that sends, if it has gone to sleep.
    sender: Option<Waker>,
    /// Those that wait for what is gathered to leave.
    room: Vec<Waker>,
    closed: bool,
}

impl Outgoing {
    /// Has `write` append something, once there is room; `None` if nothing is sent any more.
    pub(crate) fn poll_append<R>(
        &self,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut Pieces) -> R,
    ) -> Poll<Option<R>> {
        let mut state = self.lock();
        if state.gathered.len() >= GATHER_BYTES && !state.closed {
            let waker = cx.waker();
            if !state.room.iter().any(|known| known.will_wake(waker)) {
                state.room.push(waker.clone());
            }
            return Poll::Pending;
        }
        Poll::Ready(append(state, write))
    }

    /// Has `write` append something whether there is room or not; `None` if nothing is sent any more.
    pub(crate) fn append<R>(&self, write: impl FnOnce(&mut Pieces) -> R) -> Option<R> {
        append(self.lock(), write)
    }

    /// Whether nobody has to wait.
    pub(crate) fn has_room(&self) -> bool {
        self.lock().gathered.len() < GATHER_BYTES
    }

    /// Takes what is gathered, in exchange for an empty buffer to gather in; if there is nothing,
    /// the task of `cx` is woken once there is, or once this is closed.
    pub(crate) fn take(&self, empty: &mut Pieces, cx: &mut Context<'_>) -> bool {
        let mut state = self.lock();
        if state.gathered.is_empty() {
            match &mut state.sender {
                Some(known) => known.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            return false;
        }
        std::mem::swap(&mut state.gathered, empty);
        state.sender = None;
        let room = std::mem::take(&mut state.room);
        drop(state);
        room.into_iter().for_each(Waker::wake);
        true
    }

    /// Nothing is appended any more; what is gathered can still be taken.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let (sender, room) = (state.sender.take(), std::mem::take(&mut state.room));
        drop(state);
        sender.into_iter().chain(room).for_each(Waker::wake);
    }

    /// Wakes the task that sends, to look at something else.
    pub(crate) fn wake_sender(&self) {
        let sender = self.lock().sender.take();
        if let Some(sender) = sender {
            sender.wake();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn append<R>(mut state: MutexGuard<'_, State>, write: impl FnOnce(&mut Pieces) -> R) -> Option<R> {
    if state.closed {
        return None;
    }
    let written = write(&mut state.gathered);
    let sender = state.sender.take();
    drop(state);
    if let Some(sender) = sender {
        sender.wake();
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    fn put(bytes: &[u8]) -> impl FnOnce(&mut Pieces) {
        |to| to.put_slice(bytes)
    }

    #[test]
    fn what_was_gathered_is_taken_at_once_and_in_order() {
        let (outgoing, mut taken) = (Outgoing::default(), Pieces::default());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(!outgoing.take(&mut taken, &mut cx));
        outgoing.append(put(b"one"));
        outgoing.append(put(b"two"));
        assert!(outgoing.take(&mut taken, &mut cx));
        assert_eq!(taken.into_bytes(), b"onetwo"[..]);
    }

    #[test]
    fn who_has_more_waits_until_what_is_gathered_has_left() {
        let (outgoing, mut taken) = (Outgoing::default(), Pieces::default());
        let mut cx = Context::from_waker(Waker::noop());
        outgoing.append(put(&[0; GATHER_BYTES]));
        assert!(!outgoing.has_room());
        assert!(outgoing.poll_append(&mut cx, put(b"more")).is_pending());
        assert!(outgoing.take(&mut taken, &mut cx));
        assert!(outgoing.poll_append(&mut cx, put(b"more")).is_ready());
    }

    #[test]
    fn nothing_is_appended_after_the_end() {
        let (outgoing, mut taken) = (Outgoing::default(), Pieces::default());
        let mut cx = Context::from_waker(Waker::noop());
        outgoing.append(put(b"before"));
        outgoing.close();
        let refused = outgoing.poll_append(&mut cx, put(b"after"));
        assert!(matches!(refused, Poll::Ready(None)));
        assert!(outgoing.take(&mut taken, &mut cx));
        assert_eq!(taken.into_bytes(), b"before"[..]);
    }
}
