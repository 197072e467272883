use std::io::{self, ErrorKind};

use pintle::{CallError, Reader, Stream, Writer};

/// Calls that are about bytes and values which follow each other.
#[pintle::interface(package = "pintle.testkit.v1")]
pub trait Flows {
    /// A source of the plugin's.
    async fn reader(&self, of: Source) -> Result<Reader, CallError>;
    /// A sink of the plugin's.
    async fn writer(&self, to: Sink) -> Result<Writer, CallError>;
    /// Pieces of a source of the plugin's.
    async fn stream(&self, of: Source) -> Result<Stream<Piece>, CallError>;
    /// Reads so many bytes of the sequence, and the end.
    async fn read(&self, from: Reader, bytes: u64) -> Result<(), Trouble>;
    /// Writes so many bytes of the sequence, and the end.
    async fn write(&self, to: Writer, bytes: u64) -> Result<(), Trouble>;
    /// Takes so many bytes of the sequence in pieces, and the end.
    async fn take(&self, from: Stream<Piece>, bytes: u64) -> Result<(), Trouble>;
    /// Copies everything to where it belongs, all at once; how many bytes.
    async fn copy(
        &self,
        from: Reader,
        to: Writer,
        other_from: Reader,
        other_to: Writer,
        pieces: Stream<Piece>,
    ) -> Result<u64, Trouble>;
    /// Gives back what it was given.
    async fn give_reader_on(&self, from: Reader) -> Result<Reader, CallError>;
    /// Gives back what it was given.
    async fn give_writer_on(&self, to: Writer) -> Result<Writer, CallError>;
    /// Gives back what it was given.
    async fn give_stream_on(&self, from: Stream<Piece>) -> Result<Stream<Piece>, CallError>;
    /// Takes a byte and a piece, and then holds all it was given and never answers.
    async fn hold(&self, from: Reader, to: Writer, pieces: Stream<Piece>) -> Result<(), Trouble>;
    /// The same, and fails.
    async fn fail(&self, from: Reader, to: Writer, pieces: Stream<Piece>) -> Result<(), Trouble>;
    /// Answers once exactly so many sources and sinks of the plugin's are there.
    async fn held(&self, exactly: u64) -> Result<(), CallError>;
    /// How many bytes were taken from the plugin's sources.
    async fn taken(&self) -> Result<u64, CallError>;
    /// How many of the plugin's sinks were shut down.
    async fn delivered(&self) -> Result<u64, CallError>;
}

/// Where bytes come from.
#[pintle::message]
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// So many bytes of the sequence.
    Sequence(u64),
    /// So many bytes of the sequence, and then [`FAILURE`].
    Fails(u64),
    /// So many bytes of the sequence, and then nothing for ever.
    Stops(u64),
    /// Bytes without an end.
    Endless,
}

/// Where bytes go to.
#[pintle::message]
#[derive(Clone, Copy, Debug)]
pub enum Sink {
    /// Takes so many bytes of the sequence, no other, no fewer.
    Sequence(u64),
    /// Takes so many bytes, and then fails with [`FAILURE`].
    Fails(u64),
    /// Takes so many bytes, and then nothing for ever.
    Stops(u64),
}

/// What sources and sinks fail with that are told to.
pub const FAILURE: (ErrorKind, &str) = (ErrorKind::StorageFull, "it was told to fail");

/// A value of a stream.
#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// How many came before it.
    pub number: u64,
    /// What it adds to the sequence.
    pub bytes: Vec<u8>,
}

/// What went wrong with a flow, as the plugin saw it.
#[pintle::message]
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// This, with the name of an [`ErrorKind`].
    #[error("{kind}: {text}")]
    #[allow(missing_docs)]
    Flow { kind: String, text: String },
    /// The call had no result.
    #[error("the other side is gone")]
    Lost(#[from] CallError),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Flow {
            kind: format!("{:?}", error.kind()),
            text: error.to_string(),
        }
    }
}
