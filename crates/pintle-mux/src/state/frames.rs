//! How large a frame a write makes that goes straight to the connection.

/// What a connection is expected to take before it is full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// Taken since it was last full.
    taken: usize,
    /// Taken, as a rule, from one time to the next.
    capacity: usize,
}

impl Expected {
    pub(crate) fn new() -> Self {
        Self {
            taken: 0,
            capacity: FIRST_CAPACITY,
        }
    }

    /// The connection took so much. One that has taken far more than it was expected to is being
    /// read meanwhile, and as good as empty.
    pub(crate) fn took(&mut self, bytes: usize) {
        self.taken += bytes;
        if self.taken / 3 > self.capacity / 2 {
            self.capacity = std::mem::take(&mut self.taken);
        }
    }

    /// The connection took less than it was given.
    pub(crate) fn became_full(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if taken > 0 {
            self.capacity = (3 * self.capacity + taken) / 4;
        }
    }

    /// Payload of the next frame, out of `wanted` bytes.
    ///
    /// A frame the connection takes only in part must be copied to its end, and a small frame costs
    /// both sides a system call. So a frame is as large as the room there is for sure, and from
    /// there on of a size that a unix socket takes as a whole or not at all.
    pub(super) fn frame(self, wanted: usize) -> usize {
        let sure = self.capacity - MARGIN_BYTES.min(self.capacity / 8);
        let room = sure.saturating_sub(self.taken);
        wanted.min(room.clamp(WHOLE_FRAME_BYTES, MAX_FRAME_BYTES))
    }
}

/// What a connection is expected to take at first: a little less than a unix socket does.
const FIRST_CAPACITY: usize = 128 * 1024;

/// What may be missing of a connection's capacity another time, or an eighth if that is less.
const MARGIN_BYTES: usize = 64 * 1024;

/// With its header it fits one buffer of a unix socket on Linux, which is 32 KiB and some.
const WHOLE_FRAME_BYTES: usize = 32 * 1024;

const MAX_FRAME_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    #[track_caller]
    fn check(wanted: usize, taken: usize, capacity: usize, frame: usize) {
        assert_eq!(Expected { taken, capacity }.frame(wanted), frame);
    }

    #[test]
    fn a_frame_is_as_large_as_the_room_there_is_for_sure() {
        check(256 * KIB, 0, 2048 * KIB, 256 * KIB);
        check(1024 * KIB, 0, 2048 * KIB, 256 * KIB);
        check(100, 0, 2048 * KIB, 100);
        check(100 * KIB, 0, 128 * KIB, 100 * KIB);
        check(256 * KIB, 0, 128 * KIB, 112 * KIB);
        check(1024 * KIB, 900 * KIB, 1024 * KIB, 60 * KIB);
        check(256 * KIB, 100 * KIB, 128 * KIB, 32 * KIB);
        check(256 * KIB, 1 << 30, 0, 32 * KIB);
    }

    #[test]
    fn what_a_connection_takes_is_learned() {
        let mut expected = Expected::new();
        for _ in 0..32 {
            expected.took(1024 * KIB);
            expected.became_full();
        }
        assert!(expected.capacity > 1000 * KIB && expected.taken == 0);
    }

    #[test]
    fn frames_to_a_connection_that_never_becomes_full_do_not_stay_small() {
        let mut expected = Expected::new();
        let frames = [(); 64].map(|()| {
            let frame = expected.frame(256 * KIB);
            expected.took(frame);
            frame
        });
        assert!(frames[32..].iter().sum::<usize>() / 32 > 48 * KIB);
    }
}
