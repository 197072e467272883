//! The contract of an interface as `.proto` files, for peers in any language.
//!
//! A trait is an ordinary protobuf service, and [`Schema::files`] writes what a peer in another
//! language is compiled from. How a Rust item is written:
//!
//! | in Rust | in the file |
//! |---|---|
//! | a trait | a `service`, its methods in the order of the trait |
//! | the arguments of a method, its result | a message each, right after the service |
//! | a method that may be called twice | `option idempotency_level = IDEMPOTENT;` |
//! | the error of a method | a comment that names the message in the details of the status |
//! | a struct | a `message` |
//! | an enum whose variants hold values | a `message` with all its fields in one `oneof` |
//! | an enum of bare names | an `enum`, zero first |
//! | `Option<T>` | `optional`, so that none and zero can be told apart |
//! | a `Vec`, a map | `repeated`, `map<K, V>` |
//! | a duration, a point in time | `google.protobuf.Duration`, `google.protobuf.Timestamp` |
//! | a callback, a reader, a writer, a stream | `uint32`, a broker id, and a comment on what it stands for |
//! | a doc comment | the same, as a comment |
//!
//! # Broker ids
//!
//! Protobuf has no word for something that stays with the sender. Its field holds the id under
//! which the sender waits for a connection at the broker, and the comment above the field is the
//! only place that says what is served there:
//!
//! ```proto
//! // Broker id of a Progress service that the receiver calls.
//! uint32 progress = 2;
//! ```
//!
//! # Files
//!
//! There is one file for each package: `store/v1.proto` for `store.v1`. Files import each other
//! and `google/protobuf/{duration,timestamp}.proto` where their fields need them. The same schema
//! gives the same text, byte for byte, so a file can be committed and compared.
//!
//! # What is taken for granted
//!
//! The schema comes from a macro that has checked it: names are identifiers, numbers are in range
//! and used once, a field of a `oneof` holds one value or none, keys of maps are what protobuf
//! allows, and no two fields of a message differ in underscores and case alone. One thing no macro
//! sees: two packages whose messages hold each other need files that import each other, and
//! protobuf refuses those. Such messages belong in one package.

mod comment;
mod imports;
mod names;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeSet;

use self::names::Names;
#[cfg(feature = "compat")]
pub(crate) use self::names::screaming;
use crate::schema::Schema;

/// One `.proto` file: everything of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtoFile {
    /// Where other files look for it, below the root of the imports: `store/v1.proto`.
    pub path: String,
    /// The protobuf package that it holds: `store.v1`.
    pub package: String,
    /// What is in it.
    pub text: String,
}

impl Schema {
    /// The files that say the same as this schema, sorted by package.
    ///
    /// The [module](crate::proto) tells how Rust items are written.
    pub fn files(&self) -> Vec<ProtoFile> {
        let packages: BTreeSet<_> = self.definitions().map(|(name, _)| name.package).collect();
        let names = Names::new(self);
        packages
            .into_iter()
            .map(|package| ProtoFile {
                path: path(package),
                package: package.to_owned(),
                text: text::write(self, &names, package),
            })
            .collect()
    }
}

/// Where the file of a package is found.
fn path(package: &str) -> String {
    match package {
        "" => "unnamed.proto".to_owned(),
        package => format!("{}.proto", package.replace('.', "/")),
    }
}
