//! The changes that break a peer, one by one.

use std::fmt;

/// A change that breaks a peer compiled from the old text. `Display` says where, what, and what to
/// do instead.
///
/// Names are those of the old text, without the package. A message or an enum that goes by another
/// name now is called `Old, now New`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the fields are what the variant and its text speak of"
)]
pub enum Break {
    /// The package is part of every method's name on the wire.
    #[error("package `{old}` is now `{new}`: keep the old one, and serve the new one beside it")]
    PackageRenamed { old: String, new: String },
    /// A service with the same methods has come in its place.
    #[error("service `{old}` is now `{new}`: its name is part of the wire, keep it")]
    ServiceRenamed { old: String, new: String },
    /// The peer calls its methods, or waits for calls.
    #[error("service `{service}` is gone: keep it beside what replaces it")]
    ServiceGone { service: String },
    /// The peer calls it.
    #[error("method `{method}` of service `{service}` is gone: keep it beside what replaces it")]
    MethodGone { service: String, method: String },
    /// A stream takes the place of one message, or the reverse.
    #[error(
        "the {side} of method `{method}` of service `{service}` {}: add a method instead",
        became(*.stream, "a stream")
    )]
    StreamingChanged {
        service: String,
        method: String,
        side: Side,
        /// Whether it is a stream now.
        stream: bool,
    },
    /// At least one of the two messages is of another file, so nothing says that they are alike.
    #[error(
        "the {side} of method `{method}` of service `{service}` was {old} and is {new}: keep \
         {old}, or add a method"
    )]
    MethodTypeChanged {
        service: String,
        method: String,
        side: Side,
        old: String,
        new: String,
    },
    /// The peer still calls it twice when the first call may not have arrived.
    #[error(
        "method `{method}` of service `{service}` is no longer idempotent: old peers may call it \
         twice, add a method instead"
    )]
    NoLongerIdempotent { service: String, method: String },
    /// No field and no method held it, so the peer knows it by name: from the details of a status,
    /// or from the values of a stream.
    #[error("message `{message}` is gone: peers know it by its name, keep it")]
    MessageGone { message: String },
    /// The peer still has it under the old number.
    #[error(
        "field `{field}` of message `{message}` changed its number from {old} to {new}: give it \
         #[tag({old})]"
    )]
    FieldRenumbered {
        message: String,
        field: String,
        old: i32,
        new: i32,
    },
    /// The field that had the number is gone, and the one that has it now holds something else.
    #[error(
        "field {number} of message `{message}` is used again with another type: it was {old} \
         `{old_field}`, so give {new} `{new_field}` a number that was never used"
    )]
    FieldReused {
        message: String,
        number: i32,
        old_field: String,
        old: String,
        new_field: String,
        new: String,
    },
    /// The bytes of the one are no value of the other.
    #[error(
        "field `{field}` of message `{message}` changed its type from {old} to {new}: keep {old}, \
         or add a field with a number that was never used"
    )]
    FieldTypeChanged {
        message: String,
        field: String,
        old: String,
        new: String,
    },
    /// The bytes of the one are the other's, but not every value of it.
    #[error(
        "field `{field}` of message `{message}` changed its type from {old} to {new}, which cannot \
         hold all that old peers send: keep {old}"
    )]
    FieldNarrowed {
        message: String,
        field: String,
        old: String,
        new: String,
    },
    /// Whether none and zero can be told apart is not the same on both sides.
    #[error(
        "field `{field}` of message `{message}` {}: keep it as it was, or add a field",
        presence(*.optional)
    )]
    PresenceChanged {
        message: String,
        field: String,
        /// Whether none can be told from zero now.
        optional: bool,
    },
    /// One side insists on the field and the other may leave it out. In `proto2` only.
    #[error("field `{field}` of message `{message}` {}", requirement(*.required))]
    RequiredChanged {
        message: String,
        field: String,
        /// Whether it is required now.
        required: bool,
    },
    /// What excludes what is not the same on both sides.
    #[error(
        "field `{field}` of message `{message}` moved {}: leave it where it was, or add a field",
        moved(.old.as_deref(), .new.as_deref())
    )]
    OneofMoved {
        message: String,
        field: String,
        old: Option<String>,
        new: Option<String>,
    },
    /// The peer sends it, and nothing of the oneof is there for the other side.
    #[error(
        "field `{field}` of message `{message}` is gone from oneof `{oneof}`: old peers send it \
         and nothing takes its place, keep it"
    )]
    OneofFieldGone {
        message: String,
        oneof: String,
        field: String,
    },
    /// The peer still says it with the old number.
    #[error(
        "value `{value}` of enum `{enumeration}` changed its number from {old} to {new}: give it \
         {old} again"
    )]
    EnumValueRenumbered {
        enumeration: String,
        value: String,
        old: i32,
        new: i32,
    },
    /// Another name has the number, and nothing says that it means the same.
    #[error(
        "number {number} of enum `{enumeration}` was `{old}` and is `{new}`: keep `{old}`, and give \
         what is new a number that was never used"
    )]
    EnumNumberReused {
        enumeration: String,
        number: i32,
        old: String,
        new: String,
    },
    /// The peer says it, and it means nothing to the other side.
    #[error("value `{value}` of enum `{enumeration}` is gone: old peers send {number}, keep it")]
    EnumValueGone {
        enumeration: String,
        value: String,
        number: i32,
    },
}

/// One of the two messages of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the caller sends.
    Request,
    /// What it gets.
    Response,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Response => "response",
        })
    }
}

fn became(now: bool, what: &str) -> String {
    match now {
        true => format!("became {what}"),
        false => format!("is no longer {what}"),
    }
}

fn presence(optional: bool) -> &'static str {
    match optional {
        true => "became optional, and the zero of an old peer now reads as none",
        false => "is no longer optional, and the none of an old peer now reads as zero",
    }
}

fn requirement(required: bool) -> &'static str {
    match required {
        true => "is now required, and old peers may leave it out: make it optional",
        false => "is no longer required, and old peers insist on it: keep it required",
    }
}

fn moved(old: Option<&str>, new: Option<&str>) -> String {
    let from = old.map(|old| format!("out of oneof `{old}`"));
    let into = new.map(|new| format!("into oneof `{new}`"));
    let both: Vec<_> = from.into_iter().chain(into).collect();
    both.join(" and ")
}
