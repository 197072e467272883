//! Whether a peer compiled from yesterday's `.proto` file understands today's.
//!
//! Hosts and plugins are built and shipped apart, so each meets earlier and later builds of the
//! other. [`compat`] compares the file that was shipped with the file as it is now. In a test,
//! beside a committed file, it keeps a trait from breaking plugins that are out there:
//!
//! ```
//! use pintle_interface::compat::compat;
//!
//! let shipped = r#"
//!     syntax = "proto3";
//!     package store.v1;
//!     service Store { rpc Put(PutRequest) returns (PutResponse); }
//!     message PutRequest { string key = 1; bytes value = 2; }
//!     message PutResponse {}
//! "#;
//! let now = shipped.replace("key = 1", "key = 3");
//! let error = compat(shipped, &now).unwrap_err();
//! assert_eq!(
//!     error.breaks()[0].to_string(),
//!     "field `key` of message `PutRequest` changed its number from 1 to 3: give it #[tag(1)]",
//! );
//! ```
//!
//! # What breaks a peer, and what does not
//!
//! New services, methods, messages, fields and values of enums break nothing, as far as protobuf
//! is concerned: the old peer never asks for them, and passes over what it does not know. Nor do
//! new names for fields and messages, whose numbers are what travels, nor fields that are gone:
//! the other side sees their zero. Their numbers must not come back with another type.
//!
//! A type may become one that holds all of the old one's values in the same bytes: `int32` may
//! become `int64`, `bool` an integer, `string` `bytes`, an enum `int32` and the reverse. What the
//! old peer cannot hold it cuts off or refuses, so nothing beyond the old type should be sent to
//! it.
//!
//! What is gone from an enum or a `oneof` is a break, unlike other fields: the old peer says it,
//! and there is no zero to take in its place. [`Break`] lists the rest.
//!
//! # What cannot be seen
//!
//! A comment says what a broker id stands for, and comments are not compared: a callback of
//! another service behind the same number goes unnoticed here. So does another error in the
//! details of a status. Only the two texts are read and not what they import: a type of another
//! file is the same if its name is. `reserved`, extensions, and options other than
//! `idempotency_level` are passed over.

mod breaks;
mod compare;
mod contract;
mod enums;
mod fields;
#[cfg(test)]
mod tests;
mod wire;

use std::fmt;

use pintle_core::BoxError;

pub use self::breaks::{Break, Side};
use self::compare::Comparison;
use self::contract::Contract;

/// Tells what of `new` breaks a peer that was compiled from `old`.
///
/// Both are the text of one `.proto` file, written by [`Schema::files`](crate::schema::Schema) or
/// by hand in `proto2` or `proto3`. The [module](self) says what counts as a break.
///
/// # Errors
///
/// [`Incompatible::Breaks`] lists every break. The other variants tell that the texts could not be
/// compared, and so say nothing of peers.
pub fn compat(old: &str, new: &str) -> Result<(), Incompatible> {
    compat_within(MAX_FIELDS, old, new)
}

fn compat_within(fields: usize, old: &str, new: &str) -> Result<(), Incompatible> {
    let old = read(Text::Old, old)?;
    let new = read(Text::New, new)?;
    let breaks = Comparison::new(&old, &new).run(fields)?;
    match breaks.is_empty() {
        true => Ok(()),
        false => Err(Incompatible::Breaks(breaks)),
    }
}

/// How many fields and values are compared at most: more than fit in two texts, unless messages
/// are compared with many others each.
const MAX_FIELDS: usize = 1 << 22;

/// The longest text that [`compat`] reads, in bytes: 16 MiB.
pub const MAX_TEXT_BYTES: usize = 16 << 20;

/// Why a new text cannot take the place of an old one.
///
/// `Display` is one line. [`report`](Self::report) has a line for each break, and so has `Debug`,
/// for a test that unwraps it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Incompatible {
    /// Peers compiled from the old text would break.
    #[error("{} of the new text would break peers compiled from the old one", changes(.0.len()))]
    Breaks(Vec<Break>),
    /// One of the texts is no `.proto` file.
    #[error("the {text} text is no .proto file{}", at(*.position))]
    Syntax {
        /// The text that it is about.
        text: Text,
        /// Where it stops making sense, if that is one place.
        position: Option<Position>,
        /// What is wrong there.
        source: BoxError,
    },
    /// One of the texts is longer than [`MAX_TEXT_BYTES`].
    #[error("the {text} text has {bytes} bytes, and at most {MAX_TEXT_BYTES} are read")]
    TooLong {
        /// The text that it is about.
        text: Text,
        /// Its length in bytes.
        bytes: usize,
    },
    /// So many messages took the place of so many others that comparing each with each is too
    /// much. No text that a person wrote comes near.
    #[error("the texts are too entangled to be compared")]
    Entangled,
}

/// One of the two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// What the peer was compiled from.
    Old,
    /// What it is to understand.
    New,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character within it, from 1.
    pub column: usize,
}

impl Incompatible {
    /// Every break, those of services first; empty if the texts could not be compared.
    pub fn breaks(&self) -> &[Break] {
        match self {
            Self::Breaks(breaks) => breaks,
            _ => &[],
        }
    }

    /// The whole story for a person: this error, its cause, and a line for each break.
    pub fn report(&self) -> String {
        let mut report = self.to_string();
        if let Self::Syntax { source, .. } = self {
            report += &format!(": {source}");
        }
        for found in self.breaks() {
            report += &format!("\n- {found}");
        }
        report
    }
}

impl fmt::Debug for Incompatible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Old => "old",
            Self::New => "new",
        })
    }
}

fn changes(count: usize) -> String {
    match count {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    }
}

fn at(position: Option<Position>) -> String {
    match position {
        Some(Position { line, column }) => format!(", from line {line}, column {column} on"),
        None => String::new(),
    }
}

fn read(which: Text, text: &str) -> Result<Contract, Incompatible> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Incompatible::TooLong {
            text: which,
            bytes: text.len(),
        });
    }
    let file = protox_parse::parse(which.file_name(), text).map_err(|error| {
        let start = error.span().map(|span| span.start);
        Incompatible::Syntax {
            text: which,
            position: start.map(|start| Position::of(start, text)),
            source: error.into(),
        }
    })?;
    Ok(Contract::new(&file))
}

impl Text {
    fn file_name(self) -> &'static str {
        match self {
            Self::Old => "old.proto",
            Self::New => "new.proto",
        }
    }
}

impl Position {
    /// The place of the byte at `offset`.
    fn of(offset: usize, text: &str) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        Self {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }
}
