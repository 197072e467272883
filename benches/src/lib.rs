//! Host and plugin programs that `cargo xtask bench` compares, and what the benches in `benches/`
//! share with them. README.md beside this crate says what such a program is told.
//!
//! A program that is measured has one transport, by the feature of that name, as those of users have.

pub mod answer;
pub mod by_hand;
pub mod command;
pub mod contender;
pub mod contract;
pub mod pintle_host;
pub mod raw;
mod sevens;
pub mod work;

#[cfg(not(any(feature = "grpc", feature = "tarpc")))]
compile_error!("name a transport: the feature grpc, or tarpc, or both");
