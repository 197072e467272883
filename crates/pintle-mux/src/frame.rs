//! The twelve bytes before every frame, as a value.
//!
//! Nothing here reads or writes; a header is decoded from bytes that are there and encoded into
//! bytes that someone else sends.

use std::fmt;

/// Bytes of a header on the wire.
pub(crate) const HEADER_LEN: usize = 12;

/// The only version of the protocol there has ever been.
const VERSION: u8 = 0;

/// One header: what the frame is, which stream it is for, and a number whose meaning its kind says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) flags: Flags,
    /// Zero speaks of the session itself.
    pub(crate) stream: u32,
    /// Payload bytes, added window, opaque ping value, or the reason for going away.
    pub(crate) length: u32,
}

/// The four kinds of frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Data,
    WindowUpdate,
    Ping,
    GoAway,
}

/// The flags of a header. Bits without a meaning are kept and ignored, so that a later revision of
/// the protocol may give them one.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(pub(crate) u16);

/// Bytes that are no header of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The first byte names a version other than 0. Most often the peer speaks another protocol.
    #[error("frame of version {0}, only version 0 is known")]
    Version(u8),
    /// The second byte is none of the four kinds.
    #[error("frame of unknown type {0}")]
    Kind(u8),
}

impl Header {
    pub(crate) const fn new(kind: Kind, flags: Flags, stream: u32, length: u32) -> Self {
        Self {
            kind,
            flags,
            stream,
            length,
        }
    }

    pub(crate) fn encode(self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        out[0] = VERSION;
        out[1] = self.kind as u8;
        out[2..4].copy_from_slice(&self.flags.0.to_be_bytes());
        out[4..8].copy_from_slice(&self.stream.to_be_bytes());
        out[8..12].copy_from_slice(&self.length.to_be_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, FrameError> {
        let [version, kind, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3] = *bytes;
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::WindowUpdate,
            2 => Kind::Ping,
            3 => Kind::GoAway,
            other => return Err(FrameError::Kind(other)),
        };
        Ok(Self {
            kind,
            flags: Flags(u16::from_be_bytes([f0, f1])),
            stream: u32::from_be_bytes([s0, s1, s2, s3]),
            length: u32::from_be_bytes([l0, l1, l2, l3]),
        })
    }
}

impl Flags {
    pub(crate) const NONE: Self = Self(0);
    /// Opens a stream, or asks with a ping.
    pub(crate) const SYN: Self = Self(1);
    /// Accepts a stream, or answers a ping.
    pub(crate) const ACK: Self = Self(2);
    /// The sender will send no more on this stream.
    pub(crate) const FIN: Self = Self(4);
    /// The stream is over at once, both ways.
    pub(crate) const RST: Self = Self(8);

    pub(crate) const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 == flag.0
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::SYN, "SYN"),
            (Self::ACK, "ACK"),
            (Self::FIN, "FIN"),
            (Self::RST, "RST"),
        ];
        f.debug_set()
            .entries(
                names
                    .iter()
                    .filter(|(flag, _)| self.has(*flag))
                    .map(|(_, n)| n),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(header: Header, bytes: [u8; HEADER_LEN]) {
        assert_eq!(header.encode(), bytes);
        assert_eq!(Header::decode(&bytes), Ok(header));
    }

    #[test]
    fn headers_are_twelve_big_endian_bytes() {
        check(
            Header::new(Kind::Data, Flags::NONE, 1, 5),
            [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5],
        );
        check(
            Header::new(Kind::WindowUpdate, Flags::SYN, 0x0102_0304, 0x0004_0000),
            [0, 1, 0, 1, 1, 2, 3, 4, 0, 4, 0, 0],
        );
        check(
            Header::new(Kind::Ping, Flags::ACK, 0, u32::MAX),
            [0, 2, 0, 2, 0, 0, 0, 0, 255, 255, 255, 255],
        );
        check(
            Header::new(Kind::GoAway, Flags(0x8008), 0, 2),
            [0, 3, 0x80, 8, 0, 0, 0, 0, 0, 0, 0, 2],
        );
    }

    #[test]
    fn another_version_or_kind_is_refused_by_name() {
        let mut bytes = Header::new(Kind::Data, Flags::NONE, 1, 0).encode();
        bytes[1] = 4;
        assert_eq!(Header::decode(&bytes), Err(FrameError::Kind(4)));
        bytes[0] = b'H';
        assert_eq!(Header::decode(&bytes), Err(FrameError::Version(b'H')));
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_to_the_same_bytes(bytes in any::<[u8; HEADER_LEN]>()) {
            if let Ok(header) = Header::decode(&bytes) {
                prop_assert_eq!(header.encode(), bytes);
            } else {
                prop_assert!(bytes[0] != 0 || bytes[1] > 3);
            }
        }
    }
}
