use std::time::Duration;

use bytes::Bytes;
use pintle::{BoxError, SessionClosed, StdioChannel};
use serde::{Deserialize, Serialize};

/// What the suite asks of a [`Conformant`](super::Conformant).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Ask {
    /// Gives the bytes back.
    Repeat(Bytes),
    /// Fails with this text.
    Fail(String),
    /// Panics with this text.
    Panic(String),
    /// Never answers.
    Never,
    /// Answers once exactly this many calls of `Never` are open.
    AwaitNever(u64),
    /// Answers once this many calls of `Gather` are open.
    Gather(u32),
    /// Writes the bytes to one of its standard outputs.
    Print(Printed, Bytes),
    /// Asks what the caller serves under the id to repeat the bytes, and gives its answer.
    CallBack(u32, Bytes),
    /// Serves the same under a broker id, and gives the id as four bytes, the highest first.
    Serve,
    /// Opens the stream that the caller offers under the id, and sends back what it reads; answers
    /// when that has ended well, with the number of bytes as eight bytes.
    Relay(u32),
    /// Offers a stream, gives its id as four bytes, the highest first, and sends back what it reads.
    Offer,
    /// Does what it was made to do wrong; fails if that is nothing.
    Misbehave,
}

/// Where something is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Printed {
    /// On the standard output.
    Stdout,
    /// On the standard error.
    Stderr,
}

impl Ask {
    /// As bytes, for a transport whose messages are others.
    ///
    /// # Panics
    /// Never: there is nothing in it that has no encoding.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("every request has an encoding")
    }

    /// What [`encode`](Self::encode) made.
    ///
    /// # Errors
    /// When it was made by something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, BoxError> {
        Ok(postcard::from_bytes(bytes)?)
    }

    /// The broker id in an answer.
    pub(super) fn id(answer: &[u8]) -> u32 {
        let bytes = answer.try_into().expect("an id has four bytes");
        u32::from_be_bytes(bytes)
    }
}

impl From<Printed> for StdioChannel {
    fn from(printed: Printed) -> Self {
        match printed {
            Printed::Stdout => Self::Stdout,
            Printed::Stderr => Self::Stderr,
        }
    }
}

/// Why something asked was not answered, whatever the transport calls it.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The other side answered with this text instead.
    #[error("it failed: {0}")]
    Failed(String),
    /// The other side broke while it answered, and said this.
    #[error("it broke: {0}")]
    Broke(String),
    /// There was no answer in time.
    #[error("there was no answer in time")]
    Deadline,
    /// The session has ended.
    #[error("the session has ended")]
    Lost(#[source] SessionClosed),
    /// Anything else that the transport says.
    #[error("the call failed")]
    Other(#[source] BoxError),
}

/// How long anything that should happen may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
