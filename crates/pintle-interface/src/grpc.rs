//! Interfaces over gRPC: ordinary services of protobuf messages, on tonic's types.

#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod status;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use http::uri::PathAndQuery;
use pintle_core::{BoxFuture, Broker};
use pintle_grpc::{Channel, GrpcBroker, GrpcServer, Served, UnaryCall, UnaryMessage};
use tonic::Status;

use crate::caller::{Caller, Failed};
use crate::carrier::Offered;
use crate::error::{CallError, Code, DecodeError};
use crate::interface::{Call, Failure, Serves};
use crate::link::{Link, Services};
use crate::message::Message;
use crate::method::Method;
use crate::served::ServeById;

/// The calling side.
#[derive(Clone)]
pub(crate) struct Calls(Channel);

impl Calls {
    pub(crate) fn new(channel: Channel) -> Self {
        Self(channel)
    }

    pub(crate) async fn call<Q: Message, R: Message, E: Failure>(
        &self,
        method: &'static Method<Q, R, E>,
        request: Q,
    ) -> Result<R, Failed<E>> {
        let path = PathAndQuery::from_static(method.path);
        let answer = self.0.unary(path, method.deadline, written(&request));
        match answer.await {
            Ok(answer) => R::decode(answer).map_err(|error| status::read(unreadable(error))),
            Err(status) => Err(status::read(status)),
        }
    }
}

fn written(message: &impl Message) -> UnaryMessage {
    UnaryMessage::new(|to| {
        to.reserve(message.fields_len());
        message.put_fields(to);
    })
}

fn unreadable(error: DecodeError) -> Status {
    let mut status = Status::internal(format!("the message cannot be read: {error}"));
    status.set_source(Arc::new(error));
    status
}

impl Services for GrpcBroker {
    fn streams(&self) -> &dyn Broker {
        self
    }

    fn serve<'a>(
        &'a self,
        service: &'a dyn ServeById,
    ) -> BoxFuture<'a, Result<Offered, CallError>> {
        Box::pin(async move {
            // Whoever comes is who the id was sent to; when they leave, nobody needs it.
            let served = self.serve_once(|server| service.add_to_grpc(server)).await;
            let served = served.map_err(CallError::broker)?;
            let used = |served: Served| async move { drop(served.ended().await) };
            Ok((
                served.id(),
                Box::pin(used(served)) as BoxFuture<'static, ()>,
            ))
        })
    }

    fn dial(&self, id: u32) -> BoxFuture<'_, Result<Caller, CallError>> {
        Box::pin(async move {
            let channel = GrpcBroker::dial(self, id).await;
            Ok(Caller::grpc(channel.map_err(CallError::broker)?, self))
        })
    }
}

/// Adds the service of an implementation.
pub(crate) fn serve<I, T>(value: Arc<T>, server: &mut GrpcServer)
where
    I: Serves<T> + ?Sized,
    T: Send + Sync + 'static,
{
    let link = Link::new(server.broker().clone());
    server.add_unary(I::SERVICE, move |call| {
        let link = link.clone();
        I::dispatch(Arc::clone(&value), Incoming { call, link })
    });
}

/// A call as it arrived.
struct Incoming {
    call: UnaryCall,
    link: Link,
}

impl Call for Incoming {
    type Reply = Result<UnaryMessage, Status>;

    fn method(&self) -> &str {
        self.call.method()
    }

    async fn answer<Q, R, E, F, Fut>(self, _: &'static Method<Q, R, E>, handle: F) -> Self::Reply
    where
        Q: Message,
        R: Message,
        E: Failure,
        F: FnOnce(Q, Link) -> Fut + Send,
        Fut: Future<Output = Result<R, E>> + Send,
    {
        let request = Q::decode(self.call.into_message()).map_err(unreadable)?;
        match handle(request, self.link).await {
            Ok(answer) => Ok(written(&answer)),
            Err(error) => Err(status::write(&error)),
        }
    }

    fn unknown(self) -> Self::Reply {
        Err(self.call.unknown_method())
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}

fn code(status: &Status) -> Code {
    Code::from_number(status.code() as u32)
}
