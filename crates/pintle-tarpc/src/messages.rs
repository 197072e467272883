//! tarpc's messages as frames on a stream, for each side.

mod stream;

use std::error::Error;
use std::fmt::Write;
use std::io::ErrorKind;
use std::marker::PhantomData;

use bytes::BytesMut;
use tarpc::{ClientMessage, Response, ServerError};
use tokio_util::codec::{Decoder, Encoder};

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

    /// The next message: its head, and what is left of it.
    fn take(self, from: &mut BytesMut) -> Result<Option<(Head, BytesMut)>, FrameError> {
        let limit = self.receive_bytes.saturating_add(MAX_HEAD_BYTES);
        let Some(mut message) = frame::split(from, limit)? else {
            return Ok(None);
        };
        let head = Head::take(&mut message)?;
        Ok(Some((head, message)))
    }

    fn put(self, to: &mut BytesMut, head: &Head) -> Result<(), FrameError> {
        frame::append(to, |to| head.put(to), 0, |_| Ok(()))
    }

    fn put_value<Form: Writes<T>, T>(
        self,
        to: &mut BytesMut,
        head: &Head,
        value: &T,
    ) -> Result<(), FrameError> {
        let write = |body: &mut Bounded<'_>| Form::write(self.codec, value, body);
        frame::append(to, |to| head.put(to), self.send_bytes, write)
    }
}

/// Writes calls and reads answers.
#[derive(Debug)]
pub(crate) struct Calling<Form, Req, Resp> {
    wire: Wire,
    of: PhantomData<fn(Form, Req) -> Resp>,
}

impl<Form: Writes<Req>, Req, Resp> Encoder<ClientMessage<Req>> for Calling<Form, Req, Resp> {
    type Error = FrameError;

    fn encode(&mut self, message: ClientMessage<Req>, to: &mut BytesMut) -> Result<(), FrameError> {
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

impl<Form: Reads<Resp>, Req, Resp> Decoder for Calling<Form, Req, Resp> {
    type Item = Response<Resp>;
    type Error = FrameError;

    fn decode(&mut self, from: &mut BytesMut) -> Result<Option<Response<Resp>>, FrameError> {
        while let Some((head, value)) = self.wire.take(from)? {
            let (request_id, message) = match head {
                Head::Answer { id } => {
                    let read = Form::read(self.wire.codec, value);
                    (id, read.map_err(|error| unreadable("answer", &*error)))
                }
                Head::Failure { id, error } => (id, Err(error)),
                head => {
                    pass_over(&head);
                    continue;
                }
            };
            return Ok(Some(Response {
                request_id,
                message,
            }));
        }
        Ok(None)
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

impl<Form: Reads<Req>, Req, Resp> Decoder for Serving<Form, Req, Resp> {
    type Item = ClientMessage<Asked<Req>>;
    type Error = FrameError;

    fn decode(&mut self, from: &mut BytesMut) -> Result<Option<Self::Item>, FrameError> {
        while let Some((head, arguments)) = self.wire.take(from)? {
            return Ok(Some(match head {
                Head::Call { id, context } => ClientMessage::Request(tarpc::Request {
                    context,
                    id,
                    message: match Form::read(self.wire.codec, arguments) {
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
                    continue;
                }
            }));
        }
        Ok(None)
    }
}

impl<Form: Writes<Resp>, Req, Resp> Encoder<Response<Resp>> for Serving<Form, Req, Resp> {
    type Error = FrameError;

    /// An answer that cannot be sent becomes a failure, so that its call alone fails.
    fn encode(&mut self, response: Response<Resp>, to: &mut BytesMut) -> Result<(), FrameError> {
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
