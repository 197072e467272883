//! The plugin's work.

use pintle::{CallError, Reader, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Copied, Transfer, memory};

/// How much is held at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Copies, and checks what went through.
#[derive(Debug)]
pub struct Copier;

#[pintle::plugin]
impl Transfer for Copier {
    async fn copy(&self, mut from: Reader, mut to: Writer) -> Result<Copied, CallError> {
        let before = memory::resident_kib();
        let mut checksum = crc32fast::Hasher::new();
        let mut bytes = 0;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = from.read(&mut piece).await?;
            if read == 0 {
                break;
            }
            checksum.update(&piece[..read]);
            bytes += read as u64;
            to.write_all(&piece[..read]).await?;
        }
        to.shutdown().await?;
        Ok(Copied {
            bytes,
            checksum: checksum.finalize(),
            growth_kib: memory::peak_kib().saturating_sub(before),
        })
    }
}
