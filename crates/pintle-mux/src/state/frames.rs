//! How a large write is cut into frames.

use crate::frame::HEADER_LEN;

/// What a connection is expected to take before it is full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// Taken since it was last full.
    pub(crate) taken: usize,
    /// Taken, as a rule, from one time to the next.
    pub(crate) capacity: usize,
}

/// Payload cut into frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DirectFrames {
    lengths: [usize; MAX_FRAMES],
    count: usize,
}

impl DirectFrames {
    /// Cuts up to `length` bytes for a connection.
    ///
    /// A frame the connection takes only in part must be copied to its end, and a small frame costs
    /// the reader a system call; so frames are large first and get smaller where the connection
    /// is expected to become full.
    pub(super) fn cut(length: usize, expected: Expected) -> Self {
        let mut frames = Self {
            lengths: [0; MAX_FRAMES],
            count: 0,
        };
        let Expected { taken, capacity } = expected;
        let (mut left, mut room) = (length, capacity.saturating_sub(taken));
        let least = (capacity / 16).clamp(MIN_FRAME_BYTES, MAX_FRAME_BYTES);
        while left > 0 && frames.count < MAX_FRAMES {
            let frame = (room / 4 * 3).clamp(least, MAX_FRAME_BYTES);
            // A small rest goes along with the last frame.
            let frame = if left < frame + MIN_FRAME_BYTES {
                left
            } else {
                frame
            };
            frames.lengths[frames.count] = frame;
            frames.count += 1;
            left -= frame;
            room = room.saturating_sub(frame + HEADER_LEN);
        }
        frames
    }

    /// Payload of each frame.
    pub(crate) fn lengths(&self) -> &[usize] {
        &self.lengths[..self.count]
    }

    pub(crate) fn payload(&self) -> usize {
        self.lengths().iter().sum()
    }

    /// Bytes on the wire, headers included.
    pub(crate) fn wire(&self) -> usize {
        self.payload() + self.count * HEADER_LEN
    }

    /// Where on the wire the frame ends that holds the last of `written` bytes.
    pub(super) fn frame_end(&self, written: usize) -> usize {
        let mut end = 0;
        for length in self.lengths() {
            end += HEADER_LEN + length;
            if end >= written {
                break;
            }
        }
        end
    }

    /// Payload before `end`, which is the end of a frame.
    pub(crate) fn payload_in(&self, end: usize) -> usize {
        let (mut wire, mut payload) = (0, 0);
        for length in self.lengths() {
            if wire >= end {
                break;
            }
            wire += HEADER_LEN + length;
            payload += length;
        }
        payload
    }
}

/// Frames in one direct write.
pub(crate) const MAX_FRAMES: usize = 8;

const MIN_FRAME_BYTES: usize = 16 * 1024;
const MAX_FRAME_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KIB: usize = 1024;

    #[track_caller]
    fn check(length: usize, taken: usize, capacity: usize, expected: &[usize]) {
        let frames = DirectFrames::cut(length, Expected { taken, capacity });
        assert_eq!(frames.lengths(), expected);
    }

    #[test]
    fn frames_are_as_large_as_the_connection_has_room() {
        check(256 * KIB, 0, 2048 * KIB, &[256 * KIB]);
        check(100, 0, 2048 * KIB, &[100]);
        check(
            64 * KIB,
            1 << 30,
            0,
            &[16 * KIB, 16 * KIB, 16 * KIB, 16 * KIB],
        );
        check(100 * KIB, 0, 128 * KIB, &[100 * KIB]);
        check(128 * KIB, 0, 128 * KIB, &[96 * KIB, 32 * KIB]);
    }

    proptest! {
        #[test]
        fn wherever_a_write_stops_the_accepted_part_is_whole_frames(
            length in 1..1_000_000usize,
            taken in 0..2_000_000usize,
            capacity in 0..2_000_000usize,
            part in 0.0..=1.0f64,
        ) {
            let frames = DirectFrames::cut(length, Expected { taken, capacity });
            prop_assert!(frames.payload() <= length && frames.payload() > 0);
            let written = (frames.wire() as f64 * part) as usize;
            let end = frames.frame_end(written);
            prop_assert!(end >= written.max(1) && end <= frames.wire());
            let whole = frames.payload_in(end);
            let count = frames.lengths().iter().scan(0, |sum, length| {
                *sum += length;
                Some(*sum)
            }).position(|sum| sum == whole);
            prop_assert_eq!(count.map(|count| whole + (count + 1) * HEADER_LEN), Some(end));
        }
    }
}
