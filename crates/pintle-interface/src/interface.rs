//! What `#[pintle::interface]` makes of a trait.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use crate::caller::Caller;
use crate::error::CallError;
use crate::link::Link;
use crate::message::Message;
use crate::method::Method;
use crate::schema::Schema;

/// A trait with `#[pintle::interface]`, as `dyn Trait`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface",
    label = "not an interface",
    note = "write `#[pintle::interface]` on the trait, and name it with `dyn`"
)]
pub trait Interface: Send + Sync + 'static {
    /// The name of its plugin, as a host dispenses it.
    const NAME: &'static str;

    /// The full name of its gRPC service.
    const SERVICE: &'static str;

    /// What calls it in another process; it implements the trait.
    type Client: Clone + Send + Sync + 'static;

    /// Makes the client.
    fn client(caller: Caller) -> Self::Client;

    /// Describes its service, and what that is made of.
    fn define(schema: &mut Schema);
}

/// An interface that a `T` implements.
#[diagnostic::on_unimplemented(
    message = "`{T}` does not implement the interface `{Self}`",
    label = "the trait is not implemented"
)]
pub trait Serves<T>: Interface {
    /// The same value, for calls in this process.
    fn object(value: Arc<T>) -> Arc<Self>;

    /// Answers one call.
    fn dispatch<C: Call>(value: Arc<T>, call: C) -> impl Future<Output = C::Reply> + Send;
}

/// A call that came from the other side.
pub trait Call: Sized + Send {
    /// What goes back.
    type Reply: Send;

    /// The method, by its name in the `.proto` file.
    fn method(&self) -> &str;

    /// Reads the arguments, has them handled, and writes the result.
    fn answer<Q, R, E, F, Fut>(
        self,
        method: &'static Method<Q, R, E>,
        handle: F,
    ) -> impl Future<Output = Self::Reply> + Send
    where
        Q: Message,
        R: Message,
        E: Failure,
        F: FnOnce(Q, Link) -> Fut + Send,
        Fut: Future<Output = Result<R, E>> + Send;

    /// Says that there is no such method.
    fn unknown(self) -> Self::Reply;
}

/// The error of a method: `#[pintle::message]`, `Display`, and a variant that a lost plugin
/// becomes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an interface's method",
    label = "not an error that can cross",
    note = "it needs `#[pintle::message]`, `Display`, and a variant for a lost plugin: `Lost(#[from] pintle::CallError)` with thiserror's derive; or take `pintle::CallError` itself"
)]
pub trait Failure: Message + Display + From<CallError> {}

#[diagnostic::do_not_recommend]
impl<E: Message + Display + From<CallError>> Failure for E {}

/// The message of a method's error, for its description: none for one that says no more than a text.
pub(crate) fn error_name<E: Failure>(schema: &mut Schema) -> Option<crate::schema::Name> {
    if E::NAME == CallError::NAME {
        return None;
    }
    E::define(schema);
    Some(crate::message::name::<E>())
}

/// A call without a result failed: nobody can be told but the log.
#[doc(hidden)]
pub fn unheard<Q, R, E: Failure>(method: &Method<Q, R, E>, error: &CallError) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(
        method = method.path,
        error,
        "a call without a result failed"
    );
}
