//! The contract of the store programs: a trait here, and the `.proto` files that are written from it
//! for everybody else.
//!
//! It has an argument or a result of every kind. The files lie in `interop/proto`, where
//! `cargo xtask proto` puts them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use pintle::{CallError, Callback, Reader, Stream, Writer};

/// A store of values, which tells what becomes of them.
#[pintle::interface(package = "interop.store")]
pub trait Store {
    /// Puts a value under a key.
    async fn put(&self, key: String, value: Vec<u8>) -> Result<(), StoreError>;

    /// The value under a key.
    #[pintle(idempotent)]
    async fn get(&self, key: String) -> Result<Vec<u8>, StoreError>;

    /// Gives an event back.
    async fn echo(&self, event: Event) -> Result<Event, StoreError>;

    /// Counts up to a number, and tells of every step before the next.
    async fn count(&self, to: u64, progress: Callback<dyn Progress>) -> Result<u64, StoreError>;

    /// Puts what a reader gives under a key, and tells of every 250,000 bytes, and of the rest. The
    /// result is how many bytes there were.
    async fn import(
        &self,
        key: String,
        body: Reader,
        progress: Option<Callback<dyn Progress>>,
    ) -> Result<u64, StoreError>;

    /// Writes the value under a key.
    async fn export(&self, key: String, to: Writer) -> Result<(), StoreError>;

    /// An event for every key with a prefix, in their order. The prefix `broken` gives an event and
    /// fails, `endless` gives events until nobody wants more, and then puts the key `let go`.
    async fn watch(&self, prefix: String) -> Result<Stream<Event>, StoreError>;

    /// Puts the bytes of every event under its key. The result is how many events there were.
    async fn feed(&self, events: Stream<Event>) -> Result<u64, StoreError>;
}

/// Hears how far something is.
#[pintle::interface(package = "interop.store")]
pub trait Progress {
    /// So much is done.
    async fn at(&self, done: u64) -> Result<(), CallError>;
}

/// Why a store did not do what it was asked.
#[pintle::message(package = "interop.store")]
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no value under the key.
    #[error("no such key: {0}")]
    #[pintle(code = "not_found")]
    NotFound(String),
    /// A reader, a writer or a stream failed, and said this.
    #[error("{0}")]
    #[pintle(code = "aborted")]
    Broken(String),
    /// The store, or somebody it called, could not be asked.
    #[error("the call was lost")]
    Lost(#[from] CallError),
}

/// What became of a value.
#[pintle::message(package = "interop.store")]
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Where.
    pub key: String,
    /// What.
    pub kind: Kind,
    /// What somebody had to say of it.
    pub note: Option<String>,
    /// Counts by name.
    pub counts: BTreeMap<String, i64>,
    /// How long it took.
    pub took: Duration,
    /// When.
    pub at: SystemTime,
    /// Who it was.
    pub origin: Origin,
    /// What is different now.
    pub change: Change,
    /// Who passed it on.
    pub via: Vec<Origin>,
}

/// What can become of a value.
#[pintle::message(package = "interop.store")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// It was put.
    Put,
    /// It was removed.
    Removed,
}

/// Somebody, somewhere.
#[pintle::message(package = "interop.store")]
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The machine.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// What can be different.
#[pintle::message(package = "interop.store")]
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// All of it.
    Whole,
    /// It has these bytes now.
    Bytes(Vec<u8>),
    /// A part of it.
    Range {
        /// The first byte.
        from: u64,
        /// The byte after the last; none to the end.
        to: Option<u64>,
    },
}
