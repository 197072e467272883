//! One method of an interface, as both sides need to know it.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::interface::Failure;

/// A method of arguments `Q`, which returns `R` or fails with `E`.
pub struct Method<Q, R, E: Failure> {
    /// Its name in the `.proto` file.
    pub name: &'static str,
    /// Its path in gRPC: `/store.v1.Store/Put`.
    pub path: &'static str,
    /// How long a call may take, from `#[pintle(deadline = "5s")]`.
    pub deadline: Option<Duration>,
    /// Calling it twice does what calling it once does, from `#[pintle(idempotent)]`.
    pub idempotent: bool,
    types: PhantomData<fn(Q) -> Result<R, E>>,
}

impl<Q, R, E: Failure> Method<Q, R, E> {
    /// A method without a deadline, of which nothing is known.
    pub const fn new(name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            path,
            deadline: None,
            idempotent: false,
            types: PhantomData,
        }
    }

    /// With a bound on how long a call may take.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Of which calling it twice does what calling it once does.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }
}

impl<Q, R, E: Failure> fmt::Debug for Method<Q, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.path)
    }
}
