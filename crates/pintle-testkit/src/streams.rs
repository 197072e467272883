//! What a test, or the plugin, does with a byte stream.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use pintle::ByteStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;

use crate::pb::{Manner, StreamTask};

/// Writes a known sequence of so many bytes and compares what is read with it,
/// both at once, each to its end.
///
/// # Errors
/// When the stream fails, or what is read is not the sequence.
pub async fn exchange(stream: ByteStream, bytes: u64) -> io::Result<()> {
    let (read, write) = tokio::io::split(stream);
    tokio::try_join!(write_sequence(write, bytes), read_sequence(read, bytes))?;
    Ok(())
}

/// Writes the first so many bytes of the sequence, and the end.
///
/// # Errors
/// When the stream fails.
pub async fn write_sequence(mut to: impl AsyncWrite + Unpin, bytes: u64) -> io::Result<()> {
    let mut sequence = Sequence::default();
    let mut left = bytes;
    while left > 0 {
        let piece = sequence.next(left);
        to.write_all(piece).await?;
        left -= piece.len() as u64;
    }
    to.shutdown().await
}

/// Reads to the end and compares with the first so many bytes of the sequence.
///
/// # Errors
/// When the stream fails, or what is read is not the sequence.
pub async fn read_sequence(mut from: impl AsyncRead + Unpin, bytes: u64) -> io::Result<()> {
    let mut sequence = Sequence::default();
    let mut found = Vec::new();
    let mut left = bytes;
    while left > 0 {
        let piece = sequence.next(left);
        found.resize(piece.len(), 0);
        from.read_exact(&mut found).await?;
        if found != piece {
            return Err(io::Error::other(format!(
                "wrong bytes, {left} from the end"
            )));
        }
        left -= piece.len() as u64;
    }
    match from.read(&mut [0]).await? {
        0 => Ok(()),
        _ => Err(io::Error::other("bytes after the end")),
    }
}

/// Bytes that show where they are from: pieces differ, and are no multiple of anything.
struct Sequence {
    piece: Vec<u8>,
    number: u64,
}

impl Default for Sequence {
    fn default() -> Self {
        let bytes = (0..PIECE_BYTES as u64).map(|at| (at.wrapping_mul(0x9e37_79b9) >> 13) as u8);
        Self {
            piece: bytes.collect(),
            number: 0,
        }
    }
}

impl Sequence {
    fn next(&mut self, at_most: u64) -> &[u8] {
        self.number += 1;
        self.piece[..8].copy_from_slice(&self.number.to_be_bytes());
        let length = (PIECE_BYTES as u64).min(at_most) as usize;
        &self.piece[..length]
    }
}

const PIECE_BYTES: usize = 100_003;

/// Does with a stream as told, and says what became of it.
pub(crate) async fn treat(mut stream: ByteStream, task: StreamTask) -> io::Result<String> {
    match task.manner() {
        Manner::Repeat => {
            let (mut read, mut write) = tokio::io::split(stream);
            let repeated = tokio::io::copy(&mut read, &mut write).await?;
            write.shutdown().await?;
            Ok(format!("repeated {repeated}"))
        }
        Manner::Exchange => {
            exchange(stream, task.bytes).await?;
            Ok("exchanged".to_owned())
        }
        Manner::Count => {
            stream.shutdown().await?;
            let counted = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
            Ok(format!("counted {counted}"))
        }
        Manner::Hold => {
            let _held = stream;
            std::future::pending().await
        }
        Manner::Drop => {
            stream.read_u8().await?;
            Ok("dropped".to_owned())
        }
    }
}

/// The streams that are being treated, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Treated {
    queue: Arc<Mutex<VecDeque<JoinHandle<io::Result<String>>>>>,
}

impl Treated {
    pub(crate) fn push(&self, treating: JoinHandle<io::Result<String>>) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push_back(treating);
    }

    pub(crate) fn pop(&self) -> Option<JoinHandle<io::Result<String>>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.pop_front()
    }
}
