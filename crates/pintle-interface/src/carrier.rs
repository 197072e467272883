//! A transport written elsewhere, as interfaces use it: calls of bytes, and services by id.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use pintle_core::{BoxFuture, Broker};

use crate::caller::Failed;
use crate::error::CallError;
use crate::interface::{Call, Failure, Serves};
use crate::link::Link;
use crate::message::Message;
use crate::method::Method;

/// What the author of a transport implements so that interfaces work over it.
///
/// Host side: [`Caller::over`](crate::Caller::over) makes of it what `I::client` takes. Plugin side:
/// [`service`] makes of an implementation what answers calls. The bytes are those of the interface's
/// messages, the same over every transport.
pub trait Carrier: fmt::Debug + Send + Sync + 'static {
    /// Makes one call of a dispensed or dialled service, by the method's name in the `.proto` file.
    /// Dropping the future cancels it on the other side; `deadline` bounds it, on both.
    ///
    /// # Errors
    /// [`CallError`], when no answer came.
    fn call<'a>(
        &'a self,
        method: &'static str,
        deadline: Option<Duration>,
        arguments: Bytes,
    ) -> BoxFuture<'a, Result<Answer, CallError>>;

    /// Streams of bytes by id.
    fn broker(&self) -> Arc<dyn Broker>;

    /// Serves something to the other side under a fresh id, until the future beside it is dropped,
    /// which ends when the other side is done with it.
    ///
    /// # Errors
    /// [`CallError::Broker`].
    fn serve<'a>(&'a self, service: Arc<dyn Answers>) -> BoxFuture<'a, Result<Offered, CallError>>;

    /// Connects to what the other side serves under `id`.
    ///
    /// # Errors
    /// [`CallError::Broker`].
    fn dial<'a>(&'a self, id: u32) -> BoxFuture<'a, Result<Arc<dyn Carrier>, CallError>>;
}

/// The id of something served, and its service as long as that is used.
pub type Offered = (u32, BoxFuture<'static, ()>);

/// What a call is answered with: the bytes of its result, or of the error that the interface names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Answer {
    Done(Bytes),
    Failed(Bytes),
}

/// An implementation of an interface, to a transport.
pub trait Answers: Send + Sync {
    /// Answers one call of the method named so in the `.proto` file.
    fn answer(
        &self,
        method: String,
        arguments: Bytes,
        link: Link,
    ) -> BoxFuture<'static, Result<Answer, CallError>>;
}

/// An implementation of the interface `I` as what answers calls of bytes.
pub fn service<I, T>(value: Arc<T>) -> Arc<dyn Answers>
where
    I: Serves<T> + ?Sized,
    T: Send + Sync + 'static,
{
    Arc::new(Service {
        value,
        interface: std::marker::PhantomData::<fn() -> Box<I>>,
    })
}

struct Service<I: ?Sized, T> {
    value: Arc<T>,
    interface: std::marker::PhantomData<fn() -> Box<I>>,
}

impl<I, T> Answers for Service<I, T>
where
    I: Serves<T> + ?Sized,
    T: Send + Sync + 'static,
{
    fn answer(
        &self,
        method: String,
        arguments: Bytes,
        link: Link,
    ) -> BoxFuture<'static, Result<Answer, CallError>> {
        let call = Incoming {
            method,
            arguments,
            link,
        };
        Box::pin(I::dispatch(Arc::clone(&self.value), call))
    }
}

/// A call as it arrived.
struct Incoming {
    method: String,
    arguments: Bytes,
    link: Link,
}

impl Call for Incoming {
    type Reply = Result<Answer, CallError>;

    fn method(&self) -> &str {
        &self.method
    }

    async fn answer<Q, R, E, F, Fut>(self, _: &'static Method<Q, R, E>, handle: F) -> Self::Reply
    where
        Q: Message,
        R: Message,
        E: Failure,
        F: FnOnce(Q, Link) -> Fut + Send,
        Fut: Future<Output = Result<R, E>> + Send,
    {
        let request = Q::decode(self.arguments).map_err(CallError::Unreadable)?;
        Ok(match handle(request, self.link).await {
            Ok(answer) => Answer::Done(written(&answer)),
            Err(error) => Answer::Failed(written(&error)),
        })
    }

    fn unknown(self) -> Self::Reply {
        Err(CallError::Unimplemented(self.method))
    }
}

/// The calling side.
pub(crate) async fn call<Q: Message, R: Message, E: Failure>(
    carrier: &dyn Carrier,
    method: &'static Method<Q, R, E>,
    request: Q,
) -> Result<R, Failed<E>> {
    let arguments = written(&request);
    let answer = carrier.call(method.name, method.deadline, arguments).await;
    match answer.map_err(Failed::Otherwise)? {
        Answer::Done(bytes) => {
            R::decode(bytes).map_err(|error| Failed::Otherwise(CallError::Unreadable(error)))
        }
        Answer::Failed(bytes) => Err(match E::decode(bytes) {
            Ok(error) => Failed::Named(error),
            Err(error) => Failed::Otherwise(CallError::Unreadable(error)),
        }),
    }
}

fn written(message: &impl Message) -> Bytes {
    let mut bytes = BytesMut::with_capacity(message.fields_len());
    message.put_fields(&mut bytes);
    bytes.freeze()
}
