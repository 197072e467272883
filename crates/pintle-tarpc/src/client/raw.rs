//! Calling methods by name, with bytes.

use std::fmt;

use pintle_core::{Stream, Tasks};
use tarpc::client::RpcError;
use tarpc::context::Context;

use super::calls::{Calls, Lost};
use crate::messages::Wire;
use crate::raw::{Answer, AsIs, Body, Outgoing};

/// What calls a service of bytes: methods by name, arguments and answers as whoever uses it writes
/// them.
///
/// What [`Channel`](crate::Channel) promises holds here, too: a call whose session is lost fails
/// with the reason, which [`session_closed`](crate::session_closed) finds; a deadline beyond 48
/// days is none, and it counts from the call. A clone is another handle to the same stream.
#[derive(Clone)]
pub struct ByteChannel {
    calls: Calls<Outgoing, Answer>,
}

impl ByteChannel {
    /// Begins to call on a stream; a task of `tasks` keeps the calls going.
    pub(crate) fn open(stream: Stream, wire: Wire, tasks: &Tasks, lost: Lost) -> Self {
        Self {
            calls: Calls::open::<AsIs>(stream, wire, tasks, lost),
        }
    }

    /// Calls `method`, whose name has at most 255 bytes.
    ///
    /// The answer is part of the buffer that it came in, without a copy, and keeps that buffer:
    /// copy what is small and kept for long.
    ///
    /// Dropping the future cancels the call on the other side.
    ///
    /// # Errors
    /// [`RpcError::Send`] when the call cannot be sent, as its name or its body is too long: then
    /// it alone fails. [`RpcError::Server`] when the service did not answer it (it panicked, or has
    /// no such method) or the answer cannot be read. [`RpcError::DeadlineExceeded`] when the time
    /// of `context` is over, [`RpcError::Channel`] when the stream or the session is lost.
    pub async fn call(
        &self,
        context: Context,
        method: &'static str,
        body: impl Body,
    ) -> Result<Answer, RpcError> {
        let body = Box::new(body);
        let call = Outgoing { method, body };
        self.calls.call(context, call, Some(method)).await
    }
}

impl fmt::Debug for ByteChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteChannel").finish_non_exhaustive()
    }
}
