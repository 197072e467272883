//! What this side has to say to the other, kept until the other side reads it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::{BrokerError, Shared};
use crate::pb::ConnInfo;

/// How many messages may wait for the other side to read them.
const LIMIT: usize = 1024;

/// Messages, for one reader after the other: a plugin that outlives its host has another one later,
/// which may be called back before it has begun to read.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<ConnInfo>,
    reader: Reader,
    /// Of the reader, when it has read everything.
    waker: Option<Waker>,
    closed: bool,
}

/// Which reader it is: they are counted.
type Reader = u64;

impl Outbox {
    /// # Errors
    /// [`BrokerError::Stalled`] when too much waits already, [`BrokerError::Closed`] after the end.
    pub(super) fn send(&mut self, message: ConnInfo) -> Result<(), BrokerError> {
        if self.closed {
            return Err(BrokerError::Closed(None));
        }
        if self.waiting.len() == LIMIT {
            return Err(BrokerError::Stalled);
        }
        self.waiting.push_back(message);
        self.wake();
        Ok(())
    }

    /// Begins to be read: what waits comes first. A later reader replaces an earlier one.
    fn open(&mut self) -> Reader {
        self.reader += 1;
        self.wake();
        self.reader
    }

    fn poll_next(&mut self, reader: Reader, cx: &mut Context<'_>) -> Poll<Option<ConnInfo>> {
        if reader != self.reader {
            return Poll::Ready(None);
        }
        match self.waiting.pop_front() {
            None if !self.closed => {
                self.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            message => Poll::Ready(message),
        }
    }

    /// Drops what was meant for a host that is gone; should it still be reading, it is told no more.
    pub(super) fn forget(&mut self) {
        self.waiting.clear();
        self.open();
    }

    /// Takes no more. What waits may still be read.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// What one reader is told.
pub(super) struct Messages {
    shared: Arc<Shared>,
    reader: Reader,
}

impl Messages {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        Self {
            reader: shared.outbox().open(),
            shared: Arc::clone(shared),
        }
    }
}

impl Stream for Messages {
    type Item = ConnInfo;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConnInfo>> {
        self.shared.outbox().poll_next(self.reader, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: u32) -> ConnInfo {
        ConnInfo {
            service_id: id,
            ..ConnInfo::default()
        }
    }

    fn next(outbox: &mut Outbox, reader: Reader) -> Poll<Option<u32>> {
        let mut cx = Context::from_waker(Waker::noop());
        let next = outbox.poll_next(reader, &mut cx);
        next.map(|message| Some(message?.service_id))
    }

    #[test]
    fn what_waited_comes_first_and_in_order() {
        let mut outbox = Outbox::default();
        outbox.send(message(1)).unwrap();
        let reader = outbox.open();
        outbox.send(message(2)).unwrap();
        assert_eq!(next(&mut outbox, reader), Poll::Ready(Some(1)));
        assert_eq!(next(&mut outbox, reader), Poll::Ready(Some(2)));
        assert_eq!(next(&mut outbox, reader), Poll::Pending);
    }

    /// The plugin does not know yet that the earlier one has gone.
    #[test]
    fn a_later_reader_is_told_what_an_earlier_one_was_not() {
        let mut outbox = Outbox::default();
        let earlier = outbox.open();
        outbox.send(message(1)).unwrap();
        assert_eq!(next(&mut outbox, earlier), Poll::Ready(Some(1)));
        outbox.send(message(2)).unwrap();
        let later = outbox.open();
        assert_eq!(next(&mut outbox, earlier), Poll::Ready(None));
        assert_eq!(next(&mut outbox, later), Poll::Ready(Some(2)));
    }

    #[test]
    fn what_was_meant_for_a_host_that_is_gone_is_told_to_nobody_and_it_is_told_no_more() {
        let mut outbox = Outbox::default();
        let gone = outbox.open();
        outbox.send(message(1)).unwrap();
        outbox.forget();
        outbox.send(message(2)).unwrap();
        assert_eq!(next(&mut outbox, gone), Poll::Ready(None));
        let reader = outbox.open();
        assert_eq!(next(&mut outbox, reader), Poll::Ready(Some(2)));
        assert_eq!(next(&mut outbox, reader), Poll::Pending);
    }

    #[test]
    fn what_nobody_reads_is_bounded() {
        let mut outbox = Outbox::default();
        for _ in 0..LIMIT {
            outbox.send(message(1)).unwrap();
        }
        let refused = outbox.send(message(1)).unwrap_err();
        assert!(matches!(refused, BrokerError::Stalled), "{refused:?}");
    }

    #[test]
    fn after_the_end_what_waits_is_read_and_no_more_is_taken() {
        let mut outbox = Outbox::default();
        let reader = outbox.open();
        outbox.send(message(1)).unwrap();
        outbox.close();
        let refused = outbox.send(message(2)).unwrap_err();
        assert!(matches!(refused, BrokerError::Closed(None)), "{refused:?}");
        assert_eq!(next(&mut outbox, reader), Poll::Ready(Some(1)));
        assert_eq!(next(&mut outbox, reader), Poll::Ready(None));
    }
}
