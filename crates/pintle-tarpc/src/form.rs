//! The two forms in which calls and answers lie in their messages.
//!
//! Everything else about a call (its envelope, its deadline, its cancellation, its bounds) is the
//! same for both, so a stream is told its form as a type and nothing but this trait asks for it.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{Bounded, Codec, CodecError};

/// A form that values of `T` can be written in.
pub(crate) trait Writes<T>: 'static {
    /// Appends the value. `codec` is the one that the session agreed on.
    fn write(codec: Codec, value: &T, to: &mut Bounded<'_>) -> Result<(), CodecError>;
}

/// A form that values of `T` can be read from.
pub(crate) trait Reads<T>: 'static {
    /// Reads a value that is all of `message`; whatever a peer wrote, it fails at the most.
    fn read(codec: Codec, message: Bytes) -> Result<T, CodecError>;
}

/// Values of serde's, as the session's codec writes them.
#[derive(Debug)]
pub(crate) enum Coded {}

impl<T: Serialize> Writes<T> for Coded {
    fn write(codec: Codec, value: &T, to: &mut Bounded<'_>) -> Result<(), CodecError> {
        codec.write(value, to)
    }
}

impl<T: DeserializeOwned> Reads<T> for Coded {
    fn read(codec: Codec, message: Bytes) -> Result<T, CodecError> {
        codec.read(&message)
    }
}
