//! tarpc's messages as frames on a stream, for each side.

mod arriving;
mod stream;

use std::error::Error;
use std::fmt::Write;
use std::io::ErrorKind;
use std::marker::PhantomData;

use bytes::{Bytes, BytesMut};
use pintle_core::Pieces;
use tarpc::{ClientMessage, Response, ServerError};

pub(crate) use stream::MessageStream;

use crate::codec::{Bounded, Codec};
use crate::envelope::{Head, MAX_HEAD_BYTES};
use crate::form::{Reads, Writes};
use crate::frame::{self, FrameError};

/// What the two sides of a session agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    pub(crate) codec: Codec,
    /// The longest value the peer accepts, in bytes.
    pub(crate) send_bytes: usize,
    /// The longest value accepted of it.
    pub(crate) receive_bytes: usize,
    /// How many calls the peer works on at a time; more wait here.
    pub(crate) calls: usize,
}

impl Wire {
    /// What the side that calls reads and writes.
    pub(crate) fn calling<Form, Req, Resp>(self) -> Calling<Form, Req, Resp> {
        Calling {
            wire: self,
            of: PhantomData,
        }
    }

    /// What the side that serves reads and writes.
    pub(crate) fn serving<Form, Req, Resp>(self) -> Serving<Form, Req, Resp> {
        Serving {
            wire: self,
            of: PhantomData,
        }
    }

    /// The longest message accepted.
    fn longest(self) -> usize {
        self.receive_bytes.saturating_add(MAX_HEAD_BYTES)
    }

    fn put(self, to: &mut Pieces, head: &Head) -> Result<(), FrameError> {
        frame::append(to, |to| head.put(to), 0, |_| Ok(()))
    }

    fn put_value<Form: Writes<T>, T>(
        self,
        to: &mut Pieces,
        head: &Head,
        value: &T,
    ) -> Result<(), FrameError> {
        let write = |body: &mut Bounded<'_>| Form::write(self.codec, value, body);
        frame::append(to, |to| head.put(to), self.send_bytes, write)
    }
}

/// What a side makes of the messages it reads.
pub(crate) trait Understand {
    type Item;

    /// The longest message accepted.
    fn longest(&self) -> usize;

    /// What a message says; `None` if it is passed over.
    fn understand(&self, message: Bytes) -> Result<Option<Self::Item>, FrameError>;

    /// What the next of the messages in `from` says, if it has come.
    fn next(&self, from: &mut BytesMut) -> Result<Option<Self::Item>, FrameError> {
        while let Some(message) = frame::split(from, self.longest())? {
            if let Some(item) = self.understand(message.freeze())? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}

/// Writes calls and reads answers.
#[derive(Debug)]
pub(crate) struct Calling<Form, Req, Resp> {
    wire: Wire,
    of: PhantomData<fn(Form, Req) -> Resp>,
}

impl<Form: Writes<Req>, Req, Resp> Calling<Form, Req, Resp> {
    pub(crate) fn write(
        &self,
        message: ClientMessage<Req>,
        to: &mut Pieces,
    ) -> Result<(), FrameError> {
        match message {
            ClientMessage::Request(call) => {
                let (id, context) = (call.id, call.context);
                let head = Head::Call { id, context };
                self.wire.put_value::<Form, _>(to, &head, &call.message)
            }
            ClientMessage::Cancel { request_id: id, .. } => self.wire.put(to, &Head::Cancel { id }),
            _ => {
                tracing::debug!("a message of tarpc's that the wire has no words for is not sent");
                Ok(())
            }
        }
    }
}

impl<Form: Reads<Resp>, Req, Resp> Understand for Calling<Form, Req, Resp> {
    type Item = Response<Resp>;

    fn longest(&self) -> usize {
        self.wire.longest()
    }

    fn understand(&self, mut message: Bytes) -> Result<Option<Response<Resp>>, FrameError> {
        let (request_id, message) = match Head::take(&mut message)? {
            Head::Answer { id } => {
                let read = Form::read(self.wire.codec, message);
                (id, read.map_err(|error| unreadable("answer", &*error)))
            }
            Head::Failure { id, error } => (id, Err(error)),
            head => {
                pass_over(&head);
                return Ok(None);
            }
        };
        Ok(Some(Response {
            request_id,
            message,
        }))
    }
}

/// Reads calls and writes answers.
#[derive(Debug)]
pub(crate) struct Serving<Form, Req, Resp> {
    wire: Wire,
    of: PhantomData<fn(Form, Req) -> Resp>,
}

/// The arguments of a call, or why they cannot be read: then that call alone fails.
#[derive(Debug)]
pub(crate) enum Asked<Req> {
    Readable(Req),
    Unreadable(ServerError),
}

impl<Form: Reads<Req>, Req, Resp> Understand for Serving<Form, Req, Resp> {
    type Item = ClientMessage<Asked<Req>>;

    fn longest(&self) -> usize {
        self.wire.longest()
    }

    fn understand(&self, mut message: Bytes) -> Result<Option<Self::Item>, FrameError> {
        Ok(Some(match Head::take(&mut message)? {
            Head::Call { id, context } => ClientMessage::Request(tarpc::Request {
                context,
                id,
                message: match Form::read(self.wire.codec, message) {
                    Ok(request) => Asked::Readable(request),
                    Err(error) => Asked::Unreadable(unreadable("call", &*error)),
                },
            }),
            Head::Cancel { id } => ClientMessage::Cancel {
                trace_context: tarpc::trace::Context::default(),
                request_id: id,
            },
            head => {
                pass_over(&head);
                return Ok(None);
            }
        }))
    }
}

impl<Form: Writes<Resp>, Req, Resp> Serving<Form, Req, Resp> {
    /// An answer that cannot be sent becomes a failure, so that its call alone fails.
    pub(crate) fn write(
        &self,
        response: Response<Resp>,
        to: &mut Pieces,
    ) -> Result<(), FrameError> {
        let id = response.request_id;
        let error = match response.message {
            Ok(value) => match self
                .wire
                .put_value::<Form, _>(to, &Head::Answer { id }, &value)
            {
                Ok(()) => return Ok(()),
                Err(error) => ServerError::new(
                    ErrorKind::InvalidData,
                    format!("the answer cannot be sent: {}", chain(&error)),
                ),
            },
            Err(error) => error,
        };
        self.wire.put(to, &Head::Failure { id, error })
    }
}

fn pass_over(head: &Head) {
    tracing::debug!(?head, "a message that has no meaning here is passed over");
}

fn unreadable(what: &str, error: &(dyn Error + 'static)) -> ServerError {
    ServerError::new(
        ErrorKind::InvalidData,
        format!("the {what} cannot be read: {}", chain(error)),
    )
}

/// An error and its causes on one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
