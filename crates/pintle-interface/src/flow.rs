//! Readers, writers and streams as arguments and results.
//!
//! A value of these stays with the side that made it. Its id crosses in the
//! message, and what it carries crosses on a byte stream of its own, as fast as
//! the other side takes it: see `proto/flow.proto` for the bytes.

mod failure;
mod frame;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod incoming;
mod item;
mod lend;
mod pass;
mod piece;
mod pipe;
mod reader;
mod stream;
#[cfg(test)]
mod tests;
mod writer;

pub use item::Item;
pub use lend::{
    DEFAULT_MAX_ITEM_BYTES, Loan, LoanGuard, lend_reader, lend_stream, lend_writer, take_reader,
    take_stream, take_writer,
};
pub use pipe::pipe;
pub use reader::Reader;
pub use stream::{Stream, StreamError};
pub use writer::Writer;
