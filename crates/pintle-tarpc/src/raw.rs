//! Calls of bytes: methods by name, whose arguments and answers are written by whoever calls and
//! serves.
//!
//! ```text
//! arguments = length of the name (u8) · name of the method (UTF-8) · body
//! value     = 0 · body of the answer, or 1 · body of the service's own error
//! ```
//!
//! A body is written straight into the buffer that is sent, and handed out as a part of the buffer
//! that was received.

use std::fmt;
use std::io::ErrorKind;

use bytes::{Buf, Bytes};
use pintle_core::Pieces;
use tarpc::{RequestName, ServerError};

use crate::codec::{Bounded, Codec, CodecError};
use crate::failure::shown;
use crate::form::{Reads, Writes};

const DONE: u8 = 0;
const FAILED: u8 = 1;

/// A value that writes itself: what a call of bytes sends, and what answers it.
///
/// Neither method may panic: the calls of a stream are written one after the other by one task.
pub trait Body: Send + 'static {
    /// How many bytes [`write`](Self::write) appends. A call whose body says one number and writes
    /// another fails and is not sent.
    fn length(&self) -> usize;

    /// Appends the value.
    fn write(&self, to: &mut Pieces);
}

impl Body for Bytes {
    fn length(&self) -> usize {
        self.len()
    }

    fn write(&self, to: &mut Pieces) {
        to.put_bytes(self);
    }
}

impl<B: Body + ?Sized> Body for Box<B> {
    fn length(&self) -> usize {
        (**self).length()
    }

    fn write(&self, to: &mut Pieces) {
        (**self).write(to);
    }
}

/// A call as a service of bytes gets it.
pub struct ByteCall {
    /// The name with its length before it, checked to be text; then the body.
    message: Bytes,
}

impl ByteCall {
    /// The name of the method that is called: at most 255 bytes, which a peer chose.
    pub fn method(&self) -> &str {
        let name = &self.message[1..self.body_start()];
        // It was checked to be text when it was read.
        str::from_utf8(name).unwrap_or_default()
    }

    /// The arguments.
    pub fn body(&self) -> &[u8] {
        &self.message[self.body_start()..]
    }

    /// The arguments, without a copy.
    ///
    /// They are part of a buffer that may hold more than them, and keep all of it: copy what is
    /// small and kept for long.
    pub fn into_body(self) -> Bytes {
        let start = self.body_start();
        let mut body = self.message;
        body.advance(start);
        body
    }

    /// The error for a call of a method that the service does not have, of the kind
    /// [`ErrorKind::Unsupported`].
    pub fn unknown_method(&self) -> ServerError {
        let name = shown(self.method());
        ServerError::new(
            ErrorKind::Unsupported,
            format!("the service has no method `{name}`"),
        )
    }

    fn body_start(&self) -> usize {
        1 + usize::from(self.message[0])
    }
}

impl fmt::Debug for ByteCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteCall")
            .field("method", &self.method())
            .field("body_bytes", &self.body().len())
            .finish()
    }
}

impl RequestName for ByteCall {
    fn name(&self) -> &str {
        self.method()
    }
}

/// What a service of bytes answers.
///
/// A call that the service never answered (it panicked, the method is unknown, the deadline has
/// passed, the session is lost) is an `RpcError` instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<B = Bytes> {
    /// The call succeeded; its result.
    Done(B),
    /// The service says that it failed, by an error of its own.
    Failed(B),
}

/// A call of bytes on its way out.
pub(crate) struct Outgoing {
    pub(crate) method: &'static str,
    /// Calls of one stream have one type, and their bodies many.
    pub(crate) body: Box<dyn Body>,
}

impl RequestName for Outgoing {
    fn name(&self) -> &str {
        self.method
    }
}

/// The form of calls of bytes.
#[derive(Debug)]
pub(crate) enum AsIs {}

impl Writes<Outgoing> for AsIs {
    fn write(_: Codec, call: &Outgoing, to: &mut Bounded<'_>) -> Result<(), CodecError> {
        let name = call.method.as_bytes();
        let length = u8::try_from(name.len()).map_err(|_| {
            format!(
                "the method's name has {} bytes, and 255 is the most",
                name.len()
            )
        })?;
        put(to, &[&[length], name], &call.body)
    }
}

impl Reads<ByteCall> for AsIs {
    fn read(_: Codec, message: Bytes) -> Result<ByteCall, CodecError> {
        let Some((length, rest)) = message.split_first() else {
            return Err("the method's name is missing".into());
        };
        let Some(name) = rest.get(..usize::from(*length)) else {
            return Err("the method's name is cut off".into());
        };
        str::from_utf8(name)?;
        Ok(ByteCall { message })
    }
}

impl<B: Body> Writes<Answer<B>> for AsIs {
    fn write(_: Codec, answer: &Answer<B>, to: &mut Bounded<'_>) -> Result<(), CodecError> {
        let (flag, body) = match answer {
            Answer::Done(body) => (DONE, body),
            Answer::Failed(body) => (FAILED, body),
        };
        put(to, &[&[flag]], body)
    }
}

impl Reads<Answer> for AsIs {
    fn read(_: Codec, mut message: Bytes) -> Result<Answer, CodecError> {
        match message.try_get_u8() {
            Ok(DONE) => Ok(Answer::Done(message)),
            Ok(FAILED) => Ok(Answer::Failed(message)),
            Ok(flag) => Err(format!("it neither succeeded nor failed: {flag}").into()),
            Err(_) => Err("it is empty".into()),
        }
    }
}

fn put(to: &mut Bounded<'_>, before: &[&[u8]], body: &impl Body) -> Result<(), CodecError> {
    let announced = body.length();
    let head: usize = before.iter().map(|part| part.len()).sum();
    let to = to.make_room(head.saturating_add(announced))?;
    before.iter().for_each(|part| to.put_slice(part));
    let start = to.mark();
    body.write(to);
    match to.since(start) {
        written if written == announced => Ok(()),
        written => Err(format!("a body of {announced} bytes wrote {written}").into()),
    }
}

#[cfg(test)]
mod tests;
