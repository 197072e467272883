use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;

use pintle_core::{Pieces, SessionClosed};

use super::{Code, DecodeError};
use crate::message::{Message, name};
use crate::schema::{self, Definition, Schema, Shape, Type};
use crate::value::Value;
use crate::wire::Field;

/// A cause that several may hold.
pub(crate) type Shared = Arc<dyn Error + Send + Sync>;

/// Makes a cause that several may hold.
pub(crate) fn shared(error: impl Into<Box<dyn Error + Send + Sync>>) -> Shared {
    error.into().into()
}

/// Why a call through an interface has no result, when it is not the error that the interface
/// itself names.
///
/// An interface's own error converts from it: `#[error("the store is gone")] Lost(#[from] CallError)`.
/// It can be an interface's only error, too: `Result<String, CallError>`.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The plugin is gone; the cause says how its process ended and what it said last.
    #[error("the session has ended")]
    Lost(#[source] SessionClosed),
    /// The connection to the other side is gone, and nobody knows why: the other side is the host.
    #[error("the connection to the other side is lost")]
    Disconnected(#[source] Shared),
    /// The call took longer than it may.
    #[error("the call took longer than it may")]
    DeadlineExceeded,
    /// The other side is older than this one and does not have the method.
    #[error("the other side does not know the method: {0}")]
    Unimplemented(String),
    /// What the other side sent is not what was expected.
    #[error("what the other side sent cannot be read")]
    Unreadable(#[source] DecodeError),
    /// The arguments cannot be sent: they are longer than the other side accepts, say.
    #[error("the arguments cannot be sent")]
    Unsendable(#[source] Shared),
    /// A callback or a stream of this call could not be handed over.
    #[error("a callback or stream of the call could not be handed over")]
    Broker(#[source] Shared),
    /// The other side failed, and said so in words.
    #[error("{text}")]
    Failed {
        /// What kind of failure.
        code: Code,
        /// What it said.
        text: String,
    },
}

impl CallError {
    /// A failure in words, for an interface without an error type of its own.
    pub fn failed(text: impl Into<String>) -> Self {
        Self::with_code(Code::Unknown, text)
    }

    pub(crate) fn broker(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = shared(error);
        match SessionClosed::of(&*error) {
            Some(closed) => Self::Lost(closed.clone()),
            None => Self::Broker(error),
        }
    }

    /// A failure in words, of a kind that programs in other languages see.
    pub fn with_code(code: Code, text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Failed { code, text }
    }
}

/// A reader, a writer or a file failed: a plugin that is lost is told as such, all else in words.
impl From<std::io::Error> for CallError {
    fn from(error: std::io::Error) -> Self {
        match SessionClosed::of(&error) {
            Some(closed) => Self::Lost(closed.clone()),
            None => Self::failed(chain(&error)),
        }
    }
}

/// An error with its causes, on one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// On the wire it is its code and its text; the causes stay where they arose.
impl Message for CallError {
    type Partial = (Option<u32>, Option<String>);
    const NAME: (&'static str, &'static str) = ("pintle", "CallError");

    fn put_fields(&self, to: &mut Pieces) {
        u32::from(self.code().number()).put(1, to);
        chain(self).put(2, to);
    }

    fn fields_len(&self) -> usize {
        u32::from(self.code().number()).field_len(1) + chain(self).field_len(2)
    }

    fn merge_field(
        (code, text): &mut Self::Partial,
        tag: u32,
        field: Field<'_>,
    ) -> Result<(), DecodeError> {
        match tag {
            1 => Value::merge(code, field),
            2 => Value::merge(text, field),
            _ => field.skip(),
        }
    }

    fn finish((code, text): Self::Partial) -> Result<Self, DecodeError> {
        let code = Code::from_number(code.unwrap_or_default());
        Ok(Self::with_code(code, text.unwrap_or_default()))
    }

    fn define(schema: &mut Schema) {
        let field = |name, tag, scalar, doc| schema::Field {
            doc,
            name,
            tag,
            shape: Shape::One(Type::Scalar(scalar)),
        };
        schema.define(name::<Self>(), |schema| {
            // The package is the same in every program, whatever of it a program uses.
            <()>::define(schema);
            Definition::Message(schema::Message {
                doc: &[
                    "Why a call has no result, when the interface has no error of its own for it.",
                ],
                fields: vec![
                    field("code", 1, schema::Scalar::Uint32, &["gRPC's status code."]),
                    field(
                        "text",
                        2,
                        schema::Scalar::String,
                        &["What happened, in words."],
                    ),
                ],
                one_of: false,
            })
        });
    }

    fn code(&self) -> Code {
        match self {
            Self::Lost(_) | Self::Disconnected(_) => Code::Unavailable,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Unimplemented(_) => Code::Unimplemented,
            Self::Unreadable(_) => Code::Internal,
            Self::Unsendable(_) => Code::ResourceExhausted,
            Self::Broker(_) => Code::Aborted,
            Self::Failed { code, .. } => *code,
        }
    }
}
