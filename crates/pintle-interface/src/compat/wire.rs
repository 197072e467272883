//! Which types share their bytes, and which of those hold the values of which.

use std::ops::RangeInclusive;

use prost_types::field_descriptor_proto::Type;

/// How well one type takes what was sent as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It understands every value.
    Whole,
    /// It understands the bytes, but some values are cut off, taken for others or refused.
    Narrow,
    /// It does not understand the bytes.
    None,
}

/// How well `new` takes what was sent as `old`. Enums count as what they are on the wire,
/// `Type::Enum`.
pub(super) fn fit(old: Type, new: Type) -> Fit {
    match (integer(old), integer(new)) {
        _ if old == new => Fit::Whole,
        (Some((old_bytes, old)), Some((new_bytes, new))) if old_bytes == new_bytes => {
            match new.contains(old.start()) && new.contains(old.end()) {
                true => Fit::Whole,
                false => Fit::Narrow,
            }
        }
        _ => match (old, new) {
            (Type::String, Type::Bytes) => Fit::Whole,
            (Type::Bytes, Type::String) => Fit::Narrow,
            _ => Fit::None,
        },
    }
}

/// How whole numbers travel.
#[derive(PartialEq, Eq)]
enum Bytes {
    Varint,
    ZigZag,
    Four,
    Eight,
}

/// How values of the type travel, and which there are.
fn integer(scalar: Type) -> Option<(Bytes, RangeInclusive<i128>)> {
    let i32s = i128::from(i32::MIN)..=i128::from(i32::MAX);
    let i64s = i128::from(i64::MIN)..=i128::from(i64::MAX);
    let u32s = 0..=i128::from(u32::MAX);
    let u64s = 0..=i128::from(u64::MAX);
    match scalar {
        Type::Bool => Some((Bytes::Varint, 0..=1)),
        Type::Int32 | Type::Enum => Some((Bytes::Varint, i32s)),
        Type::Int64 => Some((Bytes::Varint, i64s)),
        Type::Uint32 => Some((Bytes::Varint, u32s)),
        Type::Uint64 => Some((Bytes::Varint, u64s)),
        Type::Sint32 => Some((Bytes::ZigZag, i32s)),
        Type::Sint64 => Some((Bytes::ZigZag, i64s)),
        Type::Fixed32 => Some((Bytes::Four, u32s)),
        Type::Sfixed32 => Some((Bytes::Four, i32s)),
        Type::Fixed64 => Some((Bytes::Eight, u64s)),
        Type::Sfixed64 => Some((Bytes::Eight, i64s)),
        Type::Double | Type::Float => None,
        Type::String | Type::Bytes | Type::Group | Type::Message => None,
    }
}
