//! Serving one service on one stream.

mod answers;
mod driver;
mod trace;

use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use pintle_core::{Stream, Tasks};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tarpc::context::Context;
use tarpc::{RequestName, ServerError};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::failure::panic_text;
use crate::form::{Coded, Reads, Writes};
use crate::messages::Wire;
use crate::raw::{Answer, AsIs, Body, ByteCall};
use driver::Driver;

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

/// One call. A panic becomes an answer, for the caller would wait for its deadline otherwise.
async fn work<Req, Resp, F, Fut>(
    calls: F,
    context: Context,
    request: Req,
) -> Result<Resp, ServerError>
where
    Req: RequestName,
    F: Fn(Context, Req) -> Fut,
    Fut: Future<Output = Result<Resp, ServerError>>,
{
    let span = trace::span_of(&context, &request);
    // What the call was working on is dropped with it, so nothing half done is seen again.
    let call = AssertUnwindSafe(async { calls(context, request).await });
    match call.catch_unwind().instrument(span).await {
        Ok(answer) => answer,
        Err(payload) => Err(ServerError::new(
            ErrorKind::Other,
            format!("the call panicked: {}", panic_text(&*payload)),
        )),
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
    let (stop, grace) = (serving.stop.clone(), serving.grace);
    let mut driver = Driver::new(calls, stream, serving);
    let ended = tokio::select! {
        biased;
        ended = poll_fn(|cx| driver.poll(cx)) => ended,
        () = stop.cancelled() => {
            driver.stop();
            match timeout(grace, poll_fn(|cx| driver.poll(cx))).await {
                Ok(ended) => ended,
                Err(_) => {
                    tracing::debug!("calls were cut off: they took longer than they may at the end");
                    return;
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = &error as &dyn std::error::Error, "a stream ended");
    }
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
