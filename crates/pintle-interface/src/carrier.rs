//! A transport written elsewhere, as interfaces use it: calls of bytes, and services by id.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pintle_core::{BoxFuture, Broker, Pieces};

use crate::caller::{Caller, Failed};
use crate::error::CallError;
use crate::interface::{Call, Failure, Serves};
use crate::link::{Link, Services};
use crate::message::Message;
use crate::method::Method;
use crate::served::{ServeById, Served};

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
    Arc::new(Served::<I, T>::shared(value))
}

impl<I, T> Answers for Served<I, T>
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
        Box::pin(I::dispatch(Arc::clone(self.value()), call))
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
    read(answer.map_err(Failed::Otherwise)?)
}

/// What an answer's bytes say.
pub(crate) fn read<R: Message, E: Failure>(answer: Answer) -> Result<R, Failed<E>> {
    let unreadable = |error| Failed::Otherwise(CallError::Unreadable(error));
    match answer {
        Answer::Done(bytes) => R::decode(bytes).map_err(unreadable),
        Answer::Failed(bytes) => Err(E::decode(bytes).map_or_else(unreadable, Failed::Named)),
    }
}

fn written(message: &impl Message) -> Bytes {
    let mut bytes = Pieces::with_capacity(message.fields_len());
    message.put_fields(&mut bytes);
    bytes.into_bytes()
}

/// The broker of a transport written elsewhere.
#[derive(Debug)]
pub(crate) struct Carried {
    carrier: Arc<dyn Carrier>,
    streams: Arc<dyn Broker>,
}

impl Carried {
    pub(crate) fn new(carrier: Arc<dyn Carrier>) -> Self {
        let streams = carrier.broker();
        Self { carrier, streams }
    }
}

impl Services for Carried {
    fn streams(&self) -> &dyn Broker {
        &*self.streams
    }

    fn serve<'a>(
        &'a self,
        service: &'a dyn ServeById,
    ) -> BoxFuture<'a, Result<Offered, CallError>> {
        self.carrier.serve(service.answers())
    }

    fn dial(&self, id: u32) -> BoxFuture<'_, Result<Caller, CallError>> {
        Box::pin(async move { Ok(Caller::over(self.carrier.dial(id).await?)) })
    }
}
