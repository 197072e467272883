//! A library that allows no warning: what the attributes generate in it has to be as clean as what
//! stands there. It is compiled with the tests, and by `cargo clippy --all-targets`.

#![deny(
    clippy::all,
    clippy::pedantic,
    deprecated,
    let_underscore,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    nonstandard_style,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use pintle::{CallError, Callback};

/// Values by keys.
#[pintle::interface(package = "strict.v1", name = "strict")]
pub trait Store {
    /// Puts a value under a key.
    ///
    /// # Errors
    /// When it is full.
    async fn put(&self, key: String, value: Vec<u8>) -> Result<(), StoreError>;

    /// Counts.
    ///
    /// # Errors
    /// When the plugin is lost.
    #[pintle(deadline = "5s", idempotent)]
    async fn count(
        &self,
        #[pintle(default = 3)] to: u64,
        progress: Option<Callback<dyn Progress>>,
    ) -> Result<u64, CallError> {
        if let Some(progress) = progress {
            progress.at(to).await;
        }
        Ok(to)
    }

    /// Lists.
    ///
    /// # Errors
    /// When the plugin is lost.
    async fn list(&self) -> Result<Vec<Event>, StoreError>;

    /// Says nothing.
    async fn tick(&self);

    /// Says nothing, as it was done once.
    #[deprecated(note = "call `tick`")]
    async fn tock(&self) {}
}

/// How far something is.
#[pintle::interface]
pub trait Progress {
    /// It is there.
    async fn at(&self, step: u64);
}

/// A change.
#[pintle::message]
#[derive(Clone, Debug)]
pub struct Event {
    /// Where.
    pub key: String,
    /// When.
    pub at: SystemTime,
    /// How long it took.
    #[pintle(default = Duration::from_secs(1))]
    pub took: Duration,
    /// What.
    pub kind: Kind,
    /// Which.
    pub part: Option<Part>,
    /// Why.
    pub notes: HashMap<String, i64>,
    /// Which, as it was said once.
    #[deprecated(note = "see `part`")]
    pub whole: bool,
}

/// Nothing.
#[pintle::message]
#[derive(Clone, Copy, Debug)]
pub struct Empty;

/// What happened.
#[pintle::message]
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// It came.
    Added,
    /// It went.
    #[pintle(other)]
    Other,
}

/// What is meant.
#[pintle::message]
#[derive(Clone, Debug)]
pub enum Part {
    /// All.
    Whole,
    /// These.
    Bytes(Vec<u8>),
    /// From there to there.
    Range {
        /// From.
        from: u64,
        /// To.
        to: u64,
    },
}

/// Why a call failed.
#[pintle::message]
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no room.
    #[error("full")]
    #[pintle(code = "resource_exhausted")]
    Full,
    /// The plugin is gone.
    #[error("the store is gone")]
    Lost(#[from] CallError),
}

/// A store that holds nothing.
#[derive(Debug)]
pub struct Nowhere;

#[pintle::plugin]
impl Store for Nowhere {
    async fn put(&self, _: String, _: Vec<u8>) -> Result<(), StoreError> {
        Err(StoreError::Full)
    }

    async fn list(&self) -> Result<Vec<Event>, StoreError> {
        Ok(Vec::new())
    }

    async fn tick(&self) {}
}
