//! Serving one service on one stream.

use std::future::Future;
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream as _;
use futures_util::{FutureExt, SinkExt, StreamExt};
use pintle_core::{Stream, Tasks};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tarpc::context::Context;
use tarpc::server::{BaseChannel, Channel, Config, Requests, Serve};
use tarpc::{RequestName, ServerError};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::failure::panic_text;
use crate::form::{Coded, Reads, Writes};
use crate::messages::{Asked, Wire};
use crate::raw::{Answer, AsIs, Body, ByteCall};

/// How a stream is served.
#[derive(Clone, Debug)]
pub(crate) struct Serving {
    pub(crate) wire: Wire,
    /// How many calls of one stream may be worked on at a time.
    pub(crate) max_calls: usize,
    /// The owner of the calls' tasks.
    pub(crate) tasks: Tasks,
    /// No new calls from then on.
    pub(crate) stop: CancellationToken,
    /// How long open calls may go on after `stop`.
    pub(crate) grace: Duration,
}

/// A service without its type.
pub(crate) trait AnyService: Send + Sync {
    /// Serves until the other side ends the stream or `serving` is stopped; then every call has
    /// been answered or ended.
    fn serve(&self, stream: Stream, serving: Serving) -> Running;
}

pub(crate) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A service as a function from calls to answers.
pub(crate) fn service<Req, Resp, F, Fut>(calls: F) -> Arc<dyn AnyService>
where
    Req: RequestName + DeserializeOwned + Send + 'static,
    Resp: Serialize + Send + 'static,
    F: Fn(Context, Req) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Resp, ServerError>> + Send + 'static,
{
    Arc::new(Calls::<Coded, Req, Resp, F> {
        calls,
        of: PhantomData,
    })
}

/// The same of calls of bytes.
pub(crate) fn byte_service<B, F, Fut>(calls: F) -> Arc<dyn AnyService>
where
    B: Body,
    F: Fn(Context, ByteCall) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer<B>, ServerError>> + Send + 'static,
{
    Arc::new(Calls::<AsIs, ByteCall, Answer<B>, F> {
        calls,
        of: PhantomData,
    })
}

struct Calls<Form, Req, Resp, F> {
    calls: F,
    of: PhantomData<fn(Form, Req) -> Resp>,
}

impl<Form, Req, Resp, F: Clone> Clone for Calls<Form, Req, Resp, F> {
    fn clone(&self) -> Self {
        Self {
            calls: self.calls.clone(),
            of: PhantomData,
        }
    }
}

impl<Form, Req, Resp, F, Fut> AnyService for Calls<Form, Req, Resp, F>
where
    Form: Reads<Req> + Writes<Resp>,
    Req: RequestName + Send + 'static,
    Resp: Send + 'static,
    F: Fn(Context, Req) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Resp, ServerError>> + Send + 'static,
{
    fn serve(&self, stream: Stream, serving: Serving) -> Running {
        Box::pin(run(self.clone(), stream, serving))
    }
}

impl<Form, Req, Resp, F, Fut> Serve for Calls<Form, Req, Resp, F>
where
    Req: RequestName,
    F: Fn(Context, Req) -> Fut,
    Fut: Future<Output = Result<Resp, ServerError>>,
{
    type Req = Asked<Req>;
    type Resp = Resp;

    /// A panic becomes an answer at once; tarpc alone would leave its caller to the deadline.
    async fn serve(self, context: Context, asked: Asked<Req>) -> Result<Resp, ServerError> {
        let request = match asked {
            Asked::Readable(request) => request,
            Asked::Unreadable(error) => return Err(error),
        };
        // What the call was working on is dropped with it, so nothing half done is seen again.
        let call = AssertUnwindSafe(async { (self.calls)(context, request).await });
        match call.catch_unwind().await {
            Ok(answer) => answer,
            Err(payload) => Err(ServerError::new(
                ErrorKind::Other,
                format!("the call panicked: {}", panic_text(&*payload)),
            )),
        }
    }
}

async fn run<Form, Req, Resp, F, Fut>(
    calls: Calls<Form, Req, Resp, F>,
    stream: Stream,
    serving: Serving,
) where
    Form: Reads<Req> + Writes<Resp>,
    Req: RequestName + Send + 'static,
    Resp: Send + 'static,
    F: Fn(Context, Req) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Resp, ServerError>> + Send + 'static,
{
    let messages = serving.wire.serving::<_, Form, Req, Resp>(stream);
    let requests = BaseChannel::new(Config::default(), messages)
        .max_concurrent_requests(serving.max_calls)
        .requests();
    let mut requests = pin!(requests);
    loop {
        let next = tokio::select! {
            biased;
            () = serving.stop.cancelled() => break,
            next = requests.next() => next,
        };
        match next {
            Some(Ok(request)) => serving.tasks.spawn(request.execute(calls.clone())),
            Some(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a stream ended");
                return;
            }
            None => return,
        }
    }
    if timeout(serving.grace, finish(requests)).await.is_err() {
        tracing::debug!("calls were cut off: they took longer than they may at the end");
    }
}

/// Lets the open calls finish, passes over new ones, and ends the stream.
async fn finish<C: Channel>(mut requests: Pin<&mut Requests<C>>) {
    std::future::poll_fn(|cx| {
        loop {
            match requests.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Pending if requests.channel().in_flight_requests() > 0 => {
                    return Poll::Pending;
                }
                _ => return Poll::Ready(()),
            }
        }
    })
    .await;
    let _ = requests.channel_pin_mut().close().await;
}

/// Makes of a service what [`TarpcServer::add`](crate::TarpcServer::add) takes:
/// `server.add(spawnable!(self.store.clone().serve()))`.
///
/// The futures of an `async fn` in a trait, as tarpc's services have them, can be moved to another
/// thread or not, depending on who implements the trait; only where the implementation is known
/// can the compiler tell. That is where this macro stands: at the call of `add`. Each call gets a
/// clone of the service.
#[macro_export]
macro_rules! spawnable {
    ($service:expr) => {{
        let service = $service;
        move |context, request| {
            let service = ::core::clone::Clone::clone(&service);
            $crate::tarpc::server::Serve::serve(service, context, request)
        }
    }};
}

#[cfg(test)]
mod tests;
