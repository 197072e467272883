use std::fmt;

use pintle::{CallError, Reader, Stream, StreamError, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};

use crate::conformance::interface::contract::{Flows, Piece, Sink, Source, Trouble};
use crate::conformance::interface::sources::{Ledger, sequence};
use crate::streams::{read_sequence, write_sequence};

/// The suite's [`Flows`].
#[derive(Default)]
pub struct Flowing {
    ledger: Ledger,
}

impl fmt::Debug for Flowing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flowing").finish_non_exhaustive()
    }
}

#[pintle::plugin]
impl Flows for Flowing {
    async fn reader(&self, of: Source) -> Result<Reader, CallError> {
        Ok(self.ledger.reader(of))
    }

    async fn writer(&self, to: Sink) -> Result<Writer, CallError> {
        Ok(self.ledger.writer(to))
    }

    async fn stream(&self, of: Source) -> Result<Stream<Piece>, CallError> {
        Ok(self.ledger.stream(of))
    }

    async fn read(&self, from: Reader, bytes: u64) -> Result<(), Trouble> {
        Ok(read_sequence(from, bytes).await?)
    }

    async fn write(&self, to: Writer, bytes: u64) -> Result<(), Trouble> {
        Ok(write_sequence(to, bytes).await?)
    }

    async fn take(&self, mut from: Stream<Piece>, bytes: u64) -> Result<(), Trouble> {
        let taken = read_pieces(&mut from).await.map_err(untold)?;
        match taken == sequence(bytes) {
            true => Ok(()),
            false => Err(std::io::Error::other("the pieces are not the sequence").into()),
        }
    }

    async fn copy(
        &self,
        mut from: Reader,
        mut to: Writer,
        mut other_from: Reader,
        mut other_to: Writer,
        mut pieces: Stream<Piece>,
    ) -> Result<u64, Trouble> {
        let (copied, other_copied, taken) = tokio::join!(
            async {
                let copied = copy(&mut from, &mut to).await?;
                to.shutdown().await.map(|()| copied)
            },
            async {
                let copied = copy(&mut other_from, &mut other_to).await?;
                other_to.shutdown().await.map(|()| copied)
            },
            read_pieces(&mut pieces),
        );
        Ok(copied? + other_copied? + taken.map_err(untold)?.len() as u64)
    }

    async fn give_reader_on(&self, from: Reader) -> Result<Reader, CallError> {
        Ok(from)
    }

    async fn give_writer_on(&self, to: Writer) -> Result<Writer, CallError> {
        Ok(to)
    }

    async fn give_stream_on(&self, from: Stream<Piece>) -> Result<Stream<Piece>, CallError> {
        Ok(from)
    }

    async fn hold(
        &self,
        mut from: Reader,
        mut to: Writer,
        mut pieces: Stream<Piece>,
    ) -> Result<(), Trouble> {
        begin(&mut from, &mut to, &mut pieces).await?;
        std::future::pending().await
    }

    async fn fail(
        &self,
        mut from: Reader,
        mut to: Writer,
        mut pieces: Stream<Piece>,
    ) -> Result<(), Trouble> {
        begin(&mut from, &mut to, &mut pieces).await?;
        Err(std::io::Error::other("it was told to fail").into())
    }

    async fn held(&self, exactly: u64) -> Result<(), CallError> {
        self.ledger.held(exactly).await;
        Ok(())
    }

    async fn taken(&self) -> Result<u64, CallError> {
        Ok(self.ledger.taken())
    }

    async fn delivered(&self) -> Result<u64, CallError> {
        Ok(self.ledger.delivered())
    }
}

/// Uses each a little, so that all are known to be in use on both sides.
async fn begin(
    from: &mut Reader,
    to: &mut Writer,
    pieces: &mut Stream<Piece>,
) -> Result<(), Trouble> {
    let byte = from.read_u8().await?;
    to.write_u8(byte).await?;
    to.flush().await?;
    match pieces.next().await {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(untold(error)),
        None => Err(std::io::Error::other("there is no piece").into()),
    }
}

/// Everything that comes; the numbers have to be in order.
pub(in crate::conformance::interface) async fn read_pieces(
    from: &mut Stream<Piece>,
) -> Result<Vec<u8>, StreamError> {
    let mut bytes = Vec::new();
    let mut expected = 0;
    while let Some(piece) = from.next().await {
        let piece = piece?;
        assert_eq!(piece.number, expected, "a piece is missing");
        expected += 1;
        bytes.extend(piece.bytes);
    }
    Ok(bytes)
}

/// The trouble with a stream.
fn untold(error: StreamError) -> Trouble {
    match error {
        StreamError::Failed { kind, text } => std::io::Error::new(kind, text).into(),
        StreamError::Broken(error) => error.into(),
        other => std::io::Error::other(other).into(),
    }
}
