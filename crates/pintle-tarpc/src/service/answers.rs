//! The calls of a stream that are worked on, and the way their answers take.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::future::{AbortHandle, abortable};
use pintle_core::Pieces;
use tarpc::context::Context;
use tarpc::{Response, ServerError};
use tokio::time::timeout_at;

use crate::envelope::is_forever;
use crate::form::Writes;
use crate::messages::Wire;
use crate::outgoing::Outgoing;

/// What the tasks of calls share with the task of their stream.
#[derive(Debug)]
pub(super) struct Answers<Form, Resp> {
    pub(super) outgoing: Outgoing,
    wire: Wire,
    /// The calls that tasks work on.
    open: Mutex<HashMap<u64, AbortHandle>>,
    of: PhantomData<fn(Form, Resp)>,
}

impl<Form: Writes<Resp>, Resp: Send + 'static> Answers<Form, Resp> {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            outgoing: Outgoing::default(),
            wire,
            open: Mutex::default(),
            of: PhantomData,
        }
    }

    /// How many tasks work on calls.
    pub(super) fn open_calls(&self) -> usize {
        self.lock().len()
    }

    /// Whether a task works on the call of that id.
    pub(super) fn is_open(&self, id: u64) -> bool {
        self.lock().contains_key(&id)
    }

    /// Appends an answer to what is sent. Nobody hears an answer after the end of the stream.
    pub(super) fn put(&self, id: u64, answer: Result<Resp, ServerError>) {
        let written = self.outgoing.append(|to| self.write(id, answer, to));
        debug_assert!(written.is_none_or(|written| written), "a failure fits");
    }

    /// The task that works on a call until it is answered, cancelled or past its deadline.
    pub(super) fn task(
        self: &Arc<Self>,
        id: u64,
        context: Context,
        call: impl Future<Output = Result<Resp, ServerError>> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let answers = Arc::clone(self);
        let (call, abort) = abortable(async move {
            let answer = match is_forever(context.deadline, Instant::now()) {
                true => call.await,
                // The caller has the same deadline, and waits for no answer after it.
                false => match timeout_at(context.deadline.into(), call).await {
                    Ok(answer) => answer,
                    Err(_) => return,
                },
            };
            let mut answer = Some(answer);
            poll_fn(|cx| {
                answers.outgoing.poll_append(cx, |to| {
                    let answer = answer.take().expect("it is appended once");
                    answers.write(id, answer, to)
                })
            })
            .await;
        });
        self.lock().insert(id, abort);
        let over = Over {
            answers: Arc::clone(self),
            id,
        };
        async move {
            let _over = over;
            let _ = call.await;
        }
    }

    /// Ends a call; its caller waits no more.
    pub(super) fn cancel(&self, id: u64) {
        if let Some(call) = self.lock().get(&id) {
            call.abort();
        }
    }

    /// The stream is gone, and with it everybody who waits.
    pub(super) fn end(&self) {
        self.outgoing.close();
        self.lock().values().for_each(AbortHandle::abort);
    }

    fn write(&self, id: u64, message: Result<Resp, ServerError>, to: &mut Pieces) -> bool {
        let answer = Response {
            request_id: id,
            message,
        };
        let written = self.wire.serving::<Form, (), Resp>().write(answer, to);
        written.is_ok()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, AbortHandle>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a call off the table when its task ends, however that is.
struct Over<Form: Writes<Resp>, Resp: Send + 'static> {
    answers: Arc<Answers<Form, Resp>>,
    id: u64,
}

impl<Form: Writes<Resp>, Resp: Send + 'static> Drop for Over<Form, Resp> {
    fn drop(&mut self) {
        self.answers.lock().remove(&self.id);
        // A stream that is to end waits for the last call.
        self.answers.outgoing.wake_sender();
    }
}
