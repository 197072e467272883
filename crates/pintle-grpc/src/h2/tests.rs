//! Both ends of a connection, joined in memory; one file for each kind of promise.

mod calls;
mod deadlines;
mod echo;
mod endings;
mod hostile;
mod limits;
mod pair;
mod unary;
