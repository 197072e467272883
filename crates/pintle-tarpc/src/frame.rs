//! Messages with their length before them.
//!
//! ```text
//! frame = length of the message in bytes (u32, low byte first) · message
//! ```

use std::io;

use bytes::{Buf, BytesMut};
use pintle_core::{LongBuffer, Pieces};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::codec::{Bounded, CodecError};

pub(crate) const LENGTH_BYTES: usize = 4;

/// How much room is made for a message whose bytes have not come yet.
///
/// A peer that announces more than it sends costs no more than this, or as much again as it sent.
pub(crate) const RESERVE_BYTES: usize = 1024 * 1024;

/// Why bytes are not the frames they should be, or a value does not go into one.
///
/// The first three end a stream; the others end one call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Reading or writing failed.
    #[error("the stream failed")]
    Io(#[from] io::Error),
    /// The peer announces a message longer than both sides agreed on.
    #[error("a message of {length} bytes is announced, and {limit} is the most")]
    TooLong {
        /// The announced length.
        length: usize,
        /// The longest accepted.
        limit: usize,
    },
    /// A message is shorter than its kind is.
    #[error("a message ends within its head")]
    Truncated,
    /// A value becomes a longer message than the peer accepts.
    #[error("the value takes more than the {limit} bytes that a message may have")]
    ValueTooLong {
        /// The longest value, in bytes.
        limit: usize,
    },
    /// A value cannot be written with the session's codec.
    #[error("the value cannot be written")]
    Unwritable(#[source] CodecError),
}

/// How long the next message is, once that has come.
pub(crate) fn announced(from: &[u8]) -> Option<usize> {
    let length = from.first_chunk::<LENGTH_BYTES>()?;
    Some(u32::from_le_bytes(*length) as usize)
}

/// The next whole message, if it is there. `limit` is the longest message accepted.
pub(crate) fn split(from: &mut BytesMut, limit: usize) -> Result<Option<BytesMut>, FrameError> {
    let Some(length) = announced(from) else {
        return Ok(None);
    };
    if length > limit {
        return Err(FrameError::TooLong { length, limit });
    }
    let whole = LENGTH_BYTES + length;
    if from.len() < whole {
        if !LongBuffer::is_for(length) {
            from.reserve(whole - from.len());
        }
        return Ok(None);
    }
    from.advance(LENGTH_BYTES);
    Ok(Some(from.split_to(length)))
}

/// Appends a frame of what `head` writes and what `body` writes, of that at most `limit` bytes. On
/// failure nothing is appended.
pub(crate) fn append(
    to: &mut Pieces,
    head: impl FnOnce(&mut Pieces),
    limit: usize,
    body: impl FnOnce(&mut Bounded<'_>) -> Result<(), CodecError>,
) -> Result<(), FrameError> {
    let start = to.mark();
    to.put_slice(&[0; LENGTH_BYTES]);
    head(to);
    let mut bounded = Bounded::new(to, limit);
    let written = body(&mut bounded);
    let overflowed = bounded.overflowed;
    if let Err(error) = written {
        to.truncate(start);
        return Err(match overflowed {
            true => FrameError::ValueTooLong { limit },
            false => FrameError::Unwritable(error),
        });
    }
    let length = to.since(start) - LENGTH_BYTES;
    let length = u32::try_from(length).expect("limits are below 4 GiB");
    to.overwrite(start, &length.to_le_bytes());
    Ok(())
}

/// Reads one message, and not a byte further.
pub(crate) async fn read(
    from: &mut (impl AsyncRead + Unpin),
    limit: usize,
) -> Result<Vec<u8>, FrameError> {
    let length = from.read_u32_le().await? as usize;
    if length > limit {
        return Err(FrameError::TooLong { length, limit });
    }
    let mut message = vec![0; length];
    from.read_exact(&mut message).await?;
    Ok(message)
}

/// Writes one message.
pub(crate) async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    message: &[u8],
) -> Result<(), FrameError> {
    let length = u32::try_from(message.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_le_bytes()).await?;
    to.write_all(message).await?;
    Ok(to.flush().await?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(message: &[u8]) -> Pieces {
        let mut to = Pieces::default();
        append(&mut to, |to| to.put_slice(message), 0, |_| Ok(())).unwrap();
        to
    }

    #[test]
    fn a_frame_is_its_length_and_its_message() {
        assert_eq!(framed(b"hello").into_bytes(), b"\x05\0\0\0hello"[..]);
    }

    #[test]
    fn a_length_above_the_limit_is_refused_before_anything_is_kept() {
        let mut from = BytesMut::from(&b"\xff\xff\xff\xff"[..]);
        let refused = split(&mut from, 100).unwrap_err().to_string();
        assert_eq!(
            refused,
            "a message of 4294967295 bytes is announced, and 100 is the most"
        );
    }

    #[test]
    fn a_long_announcement_without_bytes_costs_little_memory() {
        let mut from = BytesMut::from(&u32::MAX.to_le_bytes()[..]);
        assert!(split(&mut from, usize::MAX).unwrap().is_none());
        assert!(from.capacity() <= 2 * RESERVE_BYTES, "{}", from.capacity());
    }

    #[test]
    fn a_value_that_does_not_fit_leaves_nothing_behind() {
        use std::io::Write;
        let mut to = framed(b"before");
        let head = |to: &mut Pieces| to.put_slice(b"head");
        let failed = append(&mut to, head, 3, |body| Ok(body.write_all(b"four")?));
        assert_eq!(
            failed.unwrap_err().to_string(),
            "the value takes more than the 3 bytes that a message may have"
        );
        assert_eq!(to.into_bytes(), framed(b"before").into_bytes());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn messages_come_out_as_they_went_in_however_they_are_cut(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..10),
            pieces in prop::collection::vec(1_usize..20, 1..10),
        ) {
            let mut wire: BytesMut = messages.iter().flat_map(|message| framed(message).into_bytes()).collect();
            let (mut from, mut found) = (BytesMut::new(), Vec::new());
            let mut pieces = pieces.iter().cycle();
            while !wire.is_empty() {
                let piece = *pieces.next().unwrap();
                from.unsplit(wire.split_to(piece.min(wire.len())));
                while let Some(message) = split(&mut from, 50).unwrap() {
                    found.push(message.to_vec());
                }
            }
            prop_assert_eq!(found, messages);
        }

        #[test]
        fn whatever_a_peer_sends_is_split_or_refused_within_bounds(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            limit in 0_usize..10_000_000,
        ) {
            let mut from = BytesMut::from(&bytes[..]);
            while let Ok(Some(message)) = split(&mut from, limit) {
                prop_assert!(message.len() <= limit);
            }
            prop_assert!(from.capacity() <= 2 * RESERVE_BYTES);
        }
    }
}
