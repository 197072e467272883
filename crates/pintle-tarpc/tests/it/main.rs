//! Host and plugin in one process, through the real bytes; and peers that misbehave.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod broker;
mod calls;
mod common;
mod endings;
mod hostile;
mod raw;
mod sessions;
