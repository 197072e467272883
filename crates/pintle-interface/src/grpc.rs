//! Interfaces over gRPC: ordinary services of protobuf messages, on tonic's types.

mod codec;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod status;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::uri::PathAndQuery;
use pintle_core::{BoxFuture, Broker};
use pintle_grpc::{Channel, GrpcBroker, GrpcServer, Limits, Served};
use tonic::body::Body;
use tonic::{Request, Response, Status};

use crate::caller::{Caller, Failed};
use crate::carrier::Offered;
use crate::error::{CallError, Code};
use crate::interface::{Call, Failure, Interface, Serves};
use crate::link::{Link, Services};
use crate::message::Message;
use crate::method::Method;
use crate::served::ServeById;
use codec::Codec;

/// The calling side.
#[derive(Clone)]
pub(crate) struct Calls(tonic::client::Grpc<Channel>);

impl Calls {
    pub(crate) fn new(channel: Channel, limits: Limits) -> Self {
        let calls = tonic::client::Grpc::new(channel)
            .max_decoding_message_size(limits.decode_bytes)
            .max_encoding_message_size(limits.encode_bytes);
        Self(calls)
    }

    pub(crate) async fn call<Q: Message, R: Message, E: Failure>(
        &self,
        method: &'static Method<Q, R, E>,
        request: Q,
    ) -> Result<R, Failed<E>> {
        let mut request = Request::new(request);
        if let Some(deadline) = method.deadline {
            request.set_timeout(deadline);
        }
        let path = PathAndQuery::from_static(method.path);
        let mut calls = self.0.clone();
        let answer = calls.unary(request, path, Codec::<Q, R>::new());
        match answer.await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(status::read(status)),
        }
    }
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
    let limits = server.limits();
    server.add(Service::<I, T> {
        value,
        link,
        limits,
        interface: PhantomData,
    });
}

struct Service<I: ?Sized, T> {
    value: Arc<T>,
    link: Link,
    limits: Limits,
    interface: PhantomData<fn() -> Box<I>>,
}

impl<I: ?Sized, T> Clone for Service<I, T> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            link: self.link.clone(),
            ..*self
        }
    }
}

impl<I: Interface + ?Sized, T> tonic::server::NamedService for Service<I, T> {
    const NAME: &'static str = I::SERVICE;
}

type Answer = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

impl<I, T> tower_service::Service<http::Request<Body>> for Service<I, T>
where
    I: Serves<T> + ?Sized,
    T: Send + Sync + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answer {
        let call = Incoming {
            request,
            link: self.link.clone(),
            limits: self.limits,
        };
        let answer = I::dispatch(Arc::clone(&self.value), call);
        Box::pin(async { Ok(answer.await) })
    }
}

/// A call as it arrived.
struct Incoming {
    request: http::Request<Body>,
    link: Link,
    limits: Limits,
}

impl Call for Incoming {
    type Reply = http::Response<Body>;

    fn method(&self) -> &str {
        let path = self.request.uri().path();
        path.rsplit_once('/').map_or(path, |(_, method)| method)
    }

    async fn answer<Q, R, E, F, Fut>(
        self,
        _: &'static Method<Q, R, E>,
        handle: F,
    ) -> http::Response<Body>
    where
        Q: Message,
        R: Message,
        E: Failure,
        F: FnOnce(Q, Link) -> Fut + Send,
        Fut: Future<Output = Result<R, E>> + Send,
    {
        let once = Once {
            handle: Some(handle),
            link: self.link,
            types: PhantomData::<fn(Q) -> (R, E)>,
        };
        tonic::server::Grpc::new(Codec::<R, Q>::new())
            .max_decoding_message_size(self.limits.decode_bytes)
            .max_encoding_message_size(self.limits.encode_bytes)
            .unary(once, self.request)
            .await
    }

    fn unknown(self) -> http::Response<Body> {
        // The router names the method.
        Status::new(tonic::Code::Unimplemented, "").into_http()
    }
}

/// A handler as a service of tonic's, which is called once.
struct Once<F, T> {
    handle: Option<F>,
    link: Link,
    types: PhantomData<T>,
}

impl<F, Fut, Q, R, E> tonic::server::UnaryService<Q> for Once<F, fn(Q) -> (R, E)>
where
    R: Message,
    E: Failure,
    F: FnOnce(Q, Link) -> Fut,
    Fut: Future<Output = Result<R, E>>,
{
    type Response = R;
    type Future = Handling<Fut>;

    fn call(&mut self, request: Request<Q>) -> Handling<Fut> {
        let handle = self.handle.take().expect("a unary call has one request");
        Handling(Box::pin(handle(request.into_inner(), self.link.clone())))
    }
}

/// A handler at work, whose error becomes a status.
struct Handling<Fut>(Pin<Box<Fut>>);

impl<R, E: Failure, Fut: Future<Output = Result<R, E>>> Future for Handling<Fut> {
    type Output = Result<Response<R>, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(|result| match result {
            Ok(answer) => Ok(Response::new(answer)),
            Err(error) => Err(status::write(&error)),
        })
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
