//! Host and plugin programs that `cargo xtask bench` compares, and what the benches in `benches/`
//! share with them. README.md beside this crate says what such a program is told.

pub mod answer;
pub mod by_hand;
pub mod command;
pub mod contender;
pub mod contract;
pub mod pintle_host;
pub mod raw;
pub mod work;
