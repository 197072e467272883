//! Both ends of a connection, joined in memory, whose knocks travel on it as
//! those of a session do.

mod dialling;
mod doors;
mod pair;
