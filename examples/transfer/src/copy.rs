//! The plugin's work.

use pintle::{BoxError, Broker};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::memory;

/// How much is held at once.
const PIECE_BYTES: usize = 256 * 1024;

/// What was copied.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Copied {
    /// How many bytes.
    pub bytes: u64,
    /// Their CRC-32.
    pub checksum: u32,
    /// By how much the plugin's resident memory grew at most, in KiB.
    pub growth_kib: u64,
}

/// Copies the stream offered under `from` into the one offered under `to`.
///
/// # Errors
/// When a stream cannot be opened, or breaks.
pub async fn copy(broker: &dyn Broker, from: u32, to: u32) -> Result<Copied, BoxError> {
    let before = memory::resident_kib();
    let (mut from, mut to) = tokio::try_join!(broker.stream(from), broker.stream(to))?;
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
    let growth_kib = memory::peak_kib().saturating_sub(before);
    Ok(Copied {
        bytes,
        checksum: checksum.finalize(),
        growth_kib,
    })
}
