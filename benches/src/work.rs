//! The plugin's side of the contract.

use std::io::Write;

use pintle::{Bytes, CallError, Callback, Reader, Stream};
use tokio::io::AsyncReadExt;

use crate::contract::{Bell, SMALL_BYTES, Work};
use crate::sevens::Sevens;

/// How much is read, written or printed at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// Does the work.
#[derive(Debug)]
pub struct Worker;

#[pintle::plugin]
impl Work for Worker {
    async fn echo(&self, payload: Bytes) -> Result<Bytes, CallError> {
        Ok(payload)
    }

    async fn ring(&self, bell: Callback<dyn Bell>, times: u64) -> Result<(), CallError> {
        let payload = Bytes::from_static(&[7; SMALL_BYTES]);
        for _ in 0..times {
            bell.ring(payload.clone()).await?;
        }
        Ok(())
    }

    async fn up(&self, mut from: Reader) -> Result<u64, CallError> {
        let mut piece = vec![0; PIECE_BYTES];
        let mut bytes = 0;
        loop {
            match from.read(&mut piece).await? {
                0 => return Ok(bytes),
                read => bytes += read as u64,
            }
        }
    }

    async fn down(&self, bytes: u64) -> Result<Reader, CallError> {
        Ok(Reader::buffered(Sevens::new(bytes)))
    }

    async fn items(&self, count: u64) -> Result<Stream<Bytes>, CallError> {
        let item = Bytes::from_static(&[7; SMALL_BYTES]);
        let items = (0..count).map(move |_| item.clone());
        Ok(Stream::new(futures_util::stream::iter(items)))
    }

    async fn flood(&self, bytes: u64) -> Result<(), CallError> {
        // Printing blocks whoever prints faster than the host takes.
        let printing = tokio::task::spawn_blocking(move || print(bytes)).await;
        printing.map_err(|error| CallError::failed(error.to_string()))??;
        Ok(())
    }
}

fn print(bytes: u64) -> std::io::Result<()> {
    let piece = vec![b'7'; PIECE_BYTES];
    let mut stdout = std::io::stdout().lock();
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        stdout.write_all(&piece[..length])?;
        left -= length as u64;
    }
    stdout.flush()
}
