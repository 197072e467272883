//! Memory for long messages, used again.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Below this the allocator keeps memory by itself.
const LONG_BYTES: usize = 128 * 1024;

/// The most memory that waits to be used again, in all of the process.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// Where a long message is put as it arrives.
///
/// An allocator gives the system back what is so large, and each page of the next message's memory
/// then costs a fault and is filled with zeros: with glibc that took as long as reading the message.
/// Up to 4 MiB of the process's memory, which nothing else has use for, are kept from one message to
/// the next.
#[derive(Debug)]
pub struct LongBuffer(Vec<u8>);

static KEPT: Kept = Kept(Mutex::new(Vec::new()));

impl LongBuffer {
    /// Whether a message of so many bytes should be put into one.
    pub fn is_for(bytes: usize) -> bool {
        bytes >= LONG_BYTES
    }

    /// An empty one with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(
            KEPT.take(bytes)
                .unwrap_or_else(|| Vec::with_capacity(bytes)),
        )
    }

    /// Its bytes, to read more into.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The message. Its memory is used again once nobody has any of it.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for LongBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for LongBuffer {
    fn drop(&mut self) {
        KEPT.give(std::mem::take(&mut self.0));
    }
}

/// Memory that nobody uses.
struct Kept(Mutex<Vec<Vec<u8>>>);

impl Kept {
    /// Some with room for so many bytes.
    fn take(&self, bytes: usize) -> Option<Vec<u8>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = kept.iter().position(|buffer| buffer.capacity() >= bytes)?;
        Some(kept.swap_remove(fitting))
    }

    fn give(&self, mut buffer: Vec<u8>) {
        let size = buffer.capacity();
        buffer.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let so_far: usize = kept.iter().map(Vec::capacity).sum();
        if size >= LONG_BYTES && so_far + size <= KEPT_BYTES {
            kept.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_holds_nothing() {
        let kept = Kept(Mutex::default());
        let buffer = vec![7; LONG_BYTES];
        let at = buffer.as_ptr();
        kept.give(buffer);
        assert!(kept.take(LONG_BYTES + 1).is_none());
        let again = kept.take(LONG_BYTES).unwrap();
        assert_eq!((again.as_ptr(), again.len()), (at, 0));
        assert!(kept.take(0).is_none());
    }

    #[test]
    fn no_more_is_kept_than_was_promised_and_nothing_short() {
        let kept = Kept(Mutex::default());
        for bytes in [LONG_BYTES - 1, 2 * KEPT_BYTES] {
            kept.give(Vec::with_capacity(bytes));
            assert!(kept.take(0).is_none());
        }
        for _ in 0..100 {
            kept.give(Vec::with_capacity(LONG_BYTES));
        }
        assert_eq!(kept.0.lock().unwrap().len(), KEPT_BYTES / LONG_BYTES);
    }

    #[test]
    fn a_message_keeps_its_memory_as_long_as_a_part_of_it_is_there() {
        let mut buffer = LongBuffer::with_capacity(LONG_BYTES);
        buffer.bytes().extend_from_slice(b"a message");
        let part = buffer.freeze().slice(2..);
        let mut other = LongBuffer::with_capacity(LONG_BYTES);
        other.bytes().extend_from_slice(b"another message");
        assert_eq!(part, b"message"[..]);
    }
}
