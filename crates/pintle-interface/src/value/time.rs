//! Spans and points of time: protobuf's `Duration` and `Timestamp`, seconds and nanoseconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pintle_core::Pieces;

use super::{Element, Value};
use crate::error::DecodeError;
use crate::schema::{Schema, Shape, Type};
use crate::wire::{Field, WireType, key_len, put_key, put_varint, varint_len};

const SECOND_NANOS: i64 = 1_000_000_000;

impl From<Duration> for Parts {
    /// A span beyond what the wire can say, 292 billion years, is cut to that.
    fn from(span: Duration) -> Self {
        Self {
            seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
            nanos: i64::from(span.subsec_nanos()),
        }
    }
}

impl TryFrom<Parts> for Duration {
    type Error = DecodeError;

    fn try_from(parts: Parts) -> Result<Self, DecodeError> {
        let negative = || DecodeError::new("a duration is negative");
        let seconds = u64::try_from(parts.seconds).map_err(|_| negative())?;
        let nanos = u32::try_from(parts.nanos).map_err(|_| negative())?;
        Self::from_secs(seconds)
            .checked_add(Self::from_nanos(nanos.into()))
            .ok_or_else(|| DecodeError::new("a duration is too long"))
    }
}

impl From<SystemTime> for Parts {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => after.into(),
            // Nanoseconds count forward even before the epoch.
            Err(before) => match Self::from(before.duration()) {
                Self { seconds, nanos: 0 } => Self {
                    seconds: -seconds,
                    nanos: 0,
                },
                Self { seconds, nanos } => Self {
                    seconds: -seconds - 1,
                    nanos: SECOND_NANOS - nanos,
                },
            },
        }
    }
}

impl TryFrom<Parts> for SystemTime {
    type Error = DecodeError;

    fn try_from(Parts { seconds, nanos }: Parts) -> Result<Self, DecodeError> {
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let time = match seconds < 0 {
            true => UNIX_EPOCH.checked_sub(whole),
            false => UNIX_EPOCH.checked_add(whole),
        };
        u64::try_from(nanos)
            .ok()
            .and_then(|nanos| time?.checked_add(Duration::from_nanos(nanos)))
            .ok_or_else(|| DecodeError::new("a time is beyond what this system knows"))
    }
}

/// What both are on the wire: a message with seconds in field 1 and nanoseconds in field 2.
#[derive(Clone, Copy, Default)]
struct Parts {
    seconds: i64,
    nanos: i64,
}

impl Parts {
    fn body_len(self) -> usize {
        self.seconds.field_len(1) + self.nanos.field_len(2)
    }

    fn put(self, tag: u32, to: &mut Pieces) {
        put_key(tag, WireType::Bytes, to);
        put_varint(self.body_len() as u64, to);
        self.seconds.put(1, to);
        self.nanos.put(2, to);
    }

    fn whole_len(self, tag: u32) -> usize {
        let body = self.body_len();
        key_len(tag) + varint_len(body as u64) + body
    }

    fn take_element(field: Field<'_>) -> Result<Self, DecodeError> {
        let (mut seconds, mut nanos) = (None, None);
        field.message(|tag, field| match tag {
            1 => i64::merge(&mut seconds, field),
            2 => i64::merge(&mut nanos, field),
            _ => field.skip(),
        })?;
        let (seconds, nanos) = (seconds.unwrap_or(0), nanos.unwrap_or(0));
        if nanos.abs() >= SECOND_NANOS {
            return Err(DecodeError::new(
                "a time has more than a second of nanoseconds",
            ));
        }
        Ok(Self { seconds, nanos })
    }
}

macro_rules! time {
    ($($type:ident, $proto:ident;)*) => {$(
        impl Value for $type {
            fn put(&self, tag: u32, to: &mut Pieces) {
                self.put_element(tag, to);
            }

            fn field_len(&self, tag: u32) -> usize {
                self.element_len(tag)
            }

            fn merge(slot: &mut Option<Self>, field: Field<'_>) -> Result<(), DecodeError> {
                *slot = Some(Self::take_element(field)?);
                Ok(())
            }

            fn absent() -> Result<Self, DecodeError> {
                Self::try_from(Parts::default())
            }

            fn shape(schema: &mut Schema) -> Shape {
                Shape::One(Self::element_type(schema))
            }
        }

        impl Element for $type {
            fn put_element(&self, tag: u32, to: &mut Pieces) {
                Parts::from(*self).put(tag, to);
            }

            fn element_len(&self, tag: u32) -> usize {
                Parts::from(*self).whole_len(tag)
            }

            fn take_element(field: Field<'_>) -> Result<Self, DecodeError> {
                Parts::take_element(field)?.try_into()
            }

            fn element_type(_: &mut Schema) -> Type {
                Type::$proto
            }
        }
    )*};
}

time! {
    Duration, Duration;
    SystemTime, Timestamp;
}
