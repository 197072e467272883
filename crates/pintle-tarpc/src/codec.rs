//! How the values of a service become bytes, and back.

mod guard;

use std::io::{self, Write};

use bincode::Options;
use pintle_core::Pieces;
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};

use guard::Guarded;

/// How the arguments and answers of calls are written on the wire.
///
/// The two sides agree on one when they meet; see [`Tarpc::codecs`](crate::Tarpc::codecs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// bincode 1.3 with integers of fixed width: the default, and the faster one.
    Bincode,
    /// postcard 1: fewer bytes.
    Postcard,
}

/// A value could not be written or read.
pub(crate) type CodecError = Box<dyn std::error::Error + Send + Sync>;

impl Codec {
    /// All of them, in the order in which they are offered.
    pub(crate) const ALL: [Self; 2] = [Self::Bincode, Self::Postcard];

    /// Its name in the hello.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bincode => Bincode::NAME,
            Self::Postcard => Postcard::NAME,
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }

    pub(crate) fn write(self, value: &impl Serialize, to: impl Write) -> Result<(), CodecError> {
        match self {
            Self::Bincode => Bincode::write(value, to),
            Self::Postcard => Postcard::write(value, to),
        }
    }

    /// Reads a value that is all of `bytes`.
    ///
    /// What a peer wrote can make this fail and nothing else: lengths are checked against the
    /// bytes there are, nesting and empty elements are counted.
    pub(crate) fn read<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, CodecError> {
        match self {
            Self::Bincode => Bincode::read(bytes),
            Self::Postcard => Postcard::read(bytes),
        }
    }
}

/// One encoding. Another is added here and in [`Codec`]; the rest of the crate knows none by name.
trait Encoding {
    const NAME: &'static str;

    fn write(value: &impl Serialize, to: impl Write) -> Result<(), CodecError>;
    fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError>;
}

struct Bincode;

impl Encoding for Bincode {
    const NAME: &'static str = "bincode";

    fn write(value: &impl Serialize, to: impl Write) -> Result<(), CodecError> {
        Ok(bincode_options().serialize_into(to, value)?)
    }

    fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
        Ok(bincode_options().deserialize_seed(Guarded::new(bytes.len()), bytes)?)
    }
}

/// The limit is the frame's: bincode's own would be passed over when reading, and make it count
/// every value before writing.
fn bincode_options() -> impl Options {
    bincode::DefaultOptions::new()
        .with_no_limit()
        .with_fixint_encoding()
        .with_little_endian()
        .reject_trailing_bytes()
}

struct Postcard;

impl Encoding for Postcard {
    const NAME: &'static str = "postcard";

    fn write(value: &impl Serialize, to: impl Write) -> Result<(), CodecError> {
        postcard::to_io(value, to)?;
        Ok(())
    }

    fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
        let mut from = postcard::Deserializer::from_bytes(bytes);
        let value = Guarded::new(bytes.len()).deserialize(&mut from)?;
        match from.finalize()? {
            [] => Ok(value),
            rest => Err(format!("{} bytes too many", rest.len()).into()),
        }
    }
}

/// A writer that takes so many bytes and no more.
#[derive(Debug)]
pub(crate) struct Bounded<'a> {
    to: &'a mut Pieces,
    room: usize,
    /// Something did not fit.
    pub(crate) overflowed: bool,
}

impl<'a> Bounded<'a> {
    pub(crate) fn new(to: &'a mut Pieces, room: usize) -> Self {
        Self {
            to,
            room,
            overflowed: false,
        }
    }

    /// Makes room for so many bytes at once; the caller appends exactly those.
    pub(crate) fn make_room(&mut self, length: usize) -> io::Result<&mut Pieces> {
        self.take_room(length)?;
        self.to.reserve(length);
        Ok(self.to)
    }

    fn take_room(&mut self, length: usize) -> io::Result<()> {
        let Some(left) = self.room.checked_sub(length) else {
            self.overflowed = true;
            return Err(io::ErrorKind::WriteZero.into());
        };
        self.room = left;
        Ok(())
    }
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take_room(bytes.len())?;
        self.to.put_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
