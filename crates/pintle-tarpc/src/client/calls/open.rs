//! The calls that have no answer yet.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use tarpc::ServerError;
use tarpc::client::RpcError;

use super::{Shared, StreamError};
use crate::envelope::Head;
use crate::frame;

/// The open calls of a stream, by their ids.
#[derive(Debug)]
pub(super) struct OpenCalls<Resp>(Mutex<Table<Resp>>);

#[derive(Debug)]
struct Table<Resp> {
    calls: HashMap<u64, Slot<Resp>>,
    next: u64,
    /// Why the stream ended; nothing, if it just did.
    ended: Option<Option<StreamError>>,
}

#[derive(Debug)]
enum Slot<Resp> {
    /// Nobody has waited for the answer yet.
    Begun,
    Waiting(Waker),
    Answered(Result<Resp, ServerError>),
}

impl<Resp> Default for OpenCalls<Resp> {
    fn default() -> Self {
        Self(Mutex::new(Table {
            calls: HashMap::new(),
            next: 0,
            ended: None,
        }))
    }
}

impl<Resp> OpenCalls<Resp> {
    /// An answer has come. One that nobody waits for is dropped.
    pub(super) fn answered(&self, id: u64, answer: Result<Resp, ServerError>) {
        let mut table = self.lock();
        let before = match table.calls.get_mut(&id) {
            Some(slot @ (Slot::Begun | Slot::Waiting(_))) => {
                std::mem::replace(slot, Slot::Answered(answer))
            }
            _ => return,
        };
        drop(table);
        if let Slot::Waiting(waker) = before {
            waker.wake();
        }
    }

    /// No answer will come any more.
    pub(super) fn ended(&self, error: Option<StreamError>) {
        let mut table = self.lock();
        table.ended = Some(error);
        let waiting = |slot: &Slot<Resp>| match slot {
            Slot::Waiting(waker) => Some(waker.clone()),
            _ => None,
        };
        let wakers: Vec<_> = table.calls.values().filter_map(waiting).collect();
        drop(table);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// What a call fails with that the end of the stream was faster than.
    pub(super) fn end(&self) -> RpcError {
        end(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Table<Resp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end<Resp>(table: &Table<Resp>) -> RpcError {
    match &table.ended {
        Some(Some(error)) => RpcError::Channel(error.clone()),
        _ => RpcError::Shutdown,
    }
}

/// One call. Dropping it before its answer has come cancels it on the other side.
pub(super) struct OpenCall<'a, Resp> {
    pub(super) id: u64,
    shared: &'a Shared<Resp>,
    /// Whether the other side is to hear of the end.
    sent: bool,
}

impl<'a, Resp> OpenCall<'a, Resp> {
    pub(super) fn begin(shared: &'a Shared<Resp>) -> Self {
        let mut table = shared.open.lock();
        let id = table.next;
        table.next += 1;
        table.calls.insert(id, Slot::Begun);
        Self {
            id,
            shared,
            sent: false,
        }
    }

    /// Waits for the answer to a call that has been appended to what is sent.
    pub(super) async fn answer(&mut self) -> Result<Resp, RpcError> {
        self.sent = true;
        poll_fn(|cx| {
            let mut table = self.shared.open.lock();
            let over = table.ended.is_some();
            match table.calls.get_mut(&self.id) {
                Some(Slot::Answered(_)) | None => {}
                Some(_) if over => {}
                Some(Slot::Waiting(waker)) => {
                    waker.clone_from(cx.waker());
                    return Poll::Pending;
                }
                Some(slot) => {
                    *slot = Slot::Waiting(cx.waker().clone());
                    return Poll::Pending;
                }
            }
            self.sent = false;
            Poll::Ready(match table.calls.remove(&self.id) {
                Some(Slot::Answered(answer)) => answer.map_err(RpcError::Server),
                _ => Err(end(&table)),
            })
        })
        .await
    }
}

impl<Resp> Drop for OpenCall<'_, Resp> {
    fn drop(&mut self) {
        let slot = self.shared.open.lock().calls.remove(&self.id);
        if self.sent && !matches!(slot, Some(Slot::Answered(_))) {
            let head = Head::Cancel { id: self.id };
            let cancel = |to: &mut _| frame::append(to, |to| head.put(to), 0, |_| Ok(()));
            // A stream that has ended needs no word.
            let _ = self.shared.outgoing.append(cancel);
        }
    }
}
