//! Arguments and results: values cross, callbacks and streams are lent by id.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pintle_core::{BoxFuture, Tasks};

use crate::error::CallError;
use crate::flow::LoanGuard;
use crate::link::Link;
use crate::value::Value;

/// A type that an argument or a result of an interface can have: every [`Value`], and what stays
/// with its owner and is used from the other side, `Callback`, `Reader`, `Writer` and `Stream`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument or a result of an interface",
    label = "cannot cross to another process",
    note = "write `#[pintle::message]` on a type of your own, and put an `Option`, a list or a map within another into a struct with it; take `pintle::Callback<dyn Trait>` for what is to be called, `pintle::Reader`, `pintle::Writer` and `pintle::Stream<T>` for what flows"
)]
pub trait Pass: Sized + Send + 'static {
    /// What is put into the message.
    type Wire: Value;

    /// Makes ready to be sent; what was lent is added to `lent`.
    fn lend<'a>(self, link: &'a Link, lent: &'a mut Lent) -> Passing<'a, Self::Wire>;

    /// Takes what was received.
    fn take(wire: Self::Wire, link: &Link) -> Passing<'_, Self>;
}

/// What it lacks is said of [`Pass`], not of [`Value`].
#[diagnostic::do_not_recommend]
impl<V: Value> Pass for V {
    type Wire = V;

    #[inline]
    fn lend<'a>(self, _: &'a Link, _: &'a mut Lent) -> Passing<'a, V> {
        Passing::Value(Some(self))
    }

    #[inline]
    fn take(wire: V, _: &Link) -> Passing<'_, V> {
        Passing::Value(Some(wire))
    }
}

/// One argument or result on its way: a value at once, a callback or stream when its broker is done.
///
/// A type of its own, and not what an `async fn` returns: of the latter the compiler cannot always
/// tell, with `dyn Trait` within, whether it can go to another thread.
pub enum Passing<'a, T> {
    /// It is there.
    Value(Option<T>),
    /// It takes a while.
    Broker(BoxFuture<'a, Result<T, CallError>>),
}

impl<'a, T> Passing<'a, T> {
    /// Of something that may not be there.
    pub(crate) fn maybe(passing: Option<Passing<'a, T>>) -> Passing<'a, Option<T>>
    where
        T: Send + 'a,
    {
        match passing {
            None => Passing::Value(Some(None)),
            Some(passing) => Passing::broker(async { passing.await.map(Some) }),
        }
    }

    pub(crate) fn broker(work: impl Future<Output = Result<T, CallError>> + Send + 'a) -> Self {
        Self::Broker(Box::pin(work))
    }
}

impl<T> Future for Passing<'_, T> {
    type Output = Result<T, CallError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Value(value) => Poll::Ready(Ok(value.take().expect("polled until it was ready"))),
            Self::Broker(work) => work.as_mut().poll(cx),
        }
    }
}

/// A value is moved out, never pinned.
impl<T> Unpin for Passing<'_, T> {}

impl<T> fmt::Debug for Passing<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passing").finish_non_exhaustive()
    }
}

/// What one call has lent: given back when this is dropped, as when the call fails.
#[derive(Debug, Default)]
pub struct Lent(Vec<Guard>);

impl Lent {
    /// Adds one more.
    pub(crate) fn add(&mut self, guard: Guard) {
        self.0.push(guard);
    }

    /// The call went well: from now on the other side decides how long it needs what was lent.
    pub fn keep(self) {
        for guard in self.0 {
            guard.keep();
        }
    }
}

/// One thing lent, with what ends its loan when dropped.
pub(crate) enum Guard {
    /// A service, lent for as long as the future lives, which ends when the other side is done
    /// with it.
    Service(Tasks, BoxFuture<'static, ()>),
    /// A reader, a writer or a stream.
    Flow(LoanGuard),
}

impl Guard {
    fn keep(self) {
        match self {
            Self::Service(tasks, used) => tasks.spawn(used),
            Self::Flow(guard) => guard.detach(),
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}
