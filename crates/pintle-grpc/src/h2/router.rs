//! From the path of a call to the service that answers it.

use std::{
    collections::{BTreeMap, btree_map},
    convert::Infallible,
    fmt,
    future::poll_fn,
    sync::Arc,
};

use ::h2::RecvStream;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use thiserror::Error;
use tonic::{Status, body::Body, server::NamedService};
use tower_service::Service;

use super::{BoxFuture, status, whole::UnaryMessage};

/// The services a connection answers for, by their full names. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Router(Arc<BTreeMap<&'static str, Entry>>);

#[derive(Clone)]
enum Entry {
    Service(Arc<dyn Route>),
    Unary(Arc<dyn UnaryRoute>),
}

/// A call with one message each way, as a service of [bytes](crate::GrpcServer::add_unary) gets it.
#[derive(Debug)]
pub struct UnaryCall {
    path: Uri,
    message: Bytes,
}

impl UnaryCall {
    /// The name of the method that is called; a peer chose it.
    pub fn method(&self) -> &str {
        let path = self.path.path();
        path.rsplit_once('/').map_or(path, |(_, method)| method)
    }

    /// The message. It is part of a buffer that may hold more, and keeps all of that.
    pub fn into_message(self) -> Bytes {
        self.message
    }

    /// The error for a call of a method that the service does not have.
    pub fn unknown_method(&self) -> Status {
        Status::unimplemented(unknown_method(self.path.path()))
    }
}

/// A service is registered already.
///
/// Replacing it silently would hide one of two plugins that speak the same contract.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the gRPC service {0} is registered twice")]
pub struct DuplicateService(pub &'static str);

impl Router {
    /// Adds a generated server, or any tonic service that has a name.
    ///
    /// Clones of the router made before do not see it.
    ///
    /// # Errors
    ///
    /// [`DuplicateService`] if the name is taken; the router is unchanged.
    pub(crate) fn add<S>(&mut self, service: S) -> Result<&mut Self, DuplicateService>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        self.insert(S::NAME, Entry::Service(Arc::new(service)))
    }

    /// Adds a service whose calls have one message each way, as bytes.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub(crate) fn add_unary<F, Fut>(
        &mut self,
        name: &'static str,
        calls: F,
    ) -> Result<&mut Self, DuplicateService>
    where
        F: Fn(UnaryCall) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<UnaryMessage, Status>> + Send + 'static,
    {
        self.insert(name, Entry::Unary(Arc::new(calls)))
    }

    fn insert(&mut self, name: &'static str, entry: Entry) -> Result<&mut Self, DuplicateService> {
        match Arc::make_mut(&mut self.0).entry(name) {
            btree_map::Entry::Occupied(_) => Err(DuplicateService(name)),
            btree_map::Entry::Vacant(vacant) => {
                vacant.insert(entry);
                Ok(self)
            }
        }
    }

    /// The service of bytes that a call is for, if it is for one.
    pub(crate) fn unary(&self, request: &Request<RecvStream>) -> Option<Arc<dyn UnaryRoute>> {
        match self.0.get(service_and_method(request.uri().path())?.0)? {
            // What is no call at all is refused by the other road.
            Entry::Unary(route) if refusal(request).is_none() => Some(Arc::clone(route)),
            _ => None,
        }
    }

    /// The full names of the services, sorted.
    pub(crate) fn service_names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }

    /// Answers one call; what cannot be routed is refused in the words of a Go server.
    pub(crate) fn call(&self, request: Request<Body>) -> BoxFuture<Response<Body>> {
        if let Some(refusal) = refusal(&request) {
            return ready(refusal);
        }
        let path = request.uri().path();
        let Some((name, _)) = service_and_method(path) else {
            return refuse(format!("malformed method name: {path:?}"));
        };
        let Some(Entry::Service(route)) = self.0.get(name) else {
            return refuse(format!("unknown service {name}"));
        };
        let uri = request.uri().clone();
        let answer = route.call(request);
        Box::pin(async move { name_unknown_method(answer.await, &uri) })
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn service_and_method(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix('/')?.rsplit_once('/')
}

fn unknown_method(path: &str) -> String {
    let (name, method) = service_and_method(path).unwrap_or_default();
    format!("unknown method {method} for service {name}")
}

/// A service of bytes without its type.
pub(crate) trait UnaryRoute: Send + Sync {
    fn call(&self, path: Uri, message: Bytes) -> BoxFuture<Result<UnaryMessage, Status>>;
}

impl<F, Fut> UnaryRoute for F
where
    F: Fn(UnaryCall) -> Fut + Send + Sync,
    Fut: Future<Output = Result<UnaryMessage, Status>> + Send + 'static,
{
    fn call(&self, path: Uri, message: Bytes) -> BoxFuture<Result<UnaryMessage, Status>> {
        Box::pin(self(UnaryCall { path, message }))
    }
}

trait Route: Send + Sync {
    fn call(&self, request: Request<Body>) -> BoxFuture<Response<Body>>;
}

impl<S> Route for S
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    fn call(&self, request: Request<Body>) -> BoxFuture<Response<Body>> {
        let mut service = self.clone();
        Box::pin(async move {
            let Ok(()) = poll_fn(|cx| Service::poll_ready(&mut service, cx)).await;
            let Ok(response) = Service::call(&mut service, request).await;
            response
        })
    }
}

/// The answer to a request that is not gRPC at all.
fn refusal<B>(request: &Request<B>) -> Option<Response<Body>> {
    if request.method() != Method::POST {
        let status = Status::internal(format!("a call is a POST, not a {}", request.method()));
        return Some(with_http_status(status, StatusCode::METHOD_NOT_ALLOWED));
    }
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if !content_type.is_some_and(is_grpc) {
        let status = Status::invalid_argument("the content-type of a call is application/grpc");
        return Some(with_http_status(status, StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    None
}

/// `application/grpc`, alone or followed by a message format or a parameter; not `-web`.
fn is_grpc(content_type: &HeaderValue) -> bool {
    let rest = content_type.as_bytes().strip_prefix(b"application/grpc");
    matches!(rest.map(<[u8]>::first), Some(None | Some(b'+' | b';')))
}

fn with_http_status(status: Status, code: StatusCode) -> Response<Body> {
    let mut response = status.into_http();
    *response.status_mut() = code;
    response
}

fn refuse(text: String) -> BoxFuture<Response<Body>> {
    ready(Status::unimplemented(text).into_http())
}

fn ready(response: Response<Body>) -> BoxFuture<Response<Body>> {
    Box::pin(std::future::ready(response))
}

/// Generated servers answer an unknown method with a bare code; this says which it was.
fn name_unknown_method(mut response: Response<Body>, uri: &Uri) -> Response<Body> {
    let headers = response.headers();
    let unimplemented = headers
        .get(status::GRPC_STATUS)
        .is_some_and(|code| code == UNIMPLEMENTED);
    let silent = headers
        .get(status::GRPC_MESSAGE)
        .is_none_or(HeaderValue::is_empty);
    if unimplemented && silent {
        let named = status::trailers(&Status::unimplemented(unknown_method(uri.path())));
        response.headers_mut().extend(named);
    }
    response
}

const UNIMPLEMENTED: &str = "12";
