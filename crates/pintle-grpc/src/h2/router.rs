//! From the path of a call to the service that answers it.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    convert::Infallible,
    fmt,
    future::poll_fn,
    sync::Arc,
};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use thiserror::Error;
use tonic::{Status, body::Body, server::NamedService};
use tower_service::Service;

use super::{BoxFuture, status};

/// The services a connection answers for, by their full names. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Router(Arc<BTreeMap<&'static str, Arc<dyn Route>>>);

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
        match Arc::make_mut(&mut self.0).entry(S::NAME) {
            Entry::Occupied(_) => Err(DuplicateService(S::NAME)),
            Entry::Vacant(vacant) => {
                vacant.insert(Arc::new(service));
                Ok(self)
            }
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
        let Some((name, method)) = path
            .strip_prefix('/')
            .and_then(|path| path.rsplit_once('/'))
        else {
            return refuse(format!("malformed method name: {path:?}"));
        };
        let Some(route) = self.0.get(name) else {
            return refuse(format!("unknown service {name}"));
        };
        let unknown_method = format!("unknown method {method} for service {name}");
        let answer = route.call(request);
        Box::pin(async move { name_unknown_method(answer.await, unknown_method) })
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
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
fn refusal(request: &Request<Body>) -> Option<Response<Body>> {
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
fn name_unknown_method(mut response: Response<Body>, text: String) -> Response<Body> {
    let headers = response.headers();
    let unimplemented = headers
        .get(status::GRPC_STATUS)
        .is_some_and(|code| code == UNIMPLEMENTED);
    let silent = headers
        .get(status::GRPC_MESSAGE)
        .is_none_or(HeaderValue::is_empty);
    if unimplemented && silent {
        let named = status::trailers(&Status::unimplemented(text));
        response.headers_mut().extend(named);
    }
    response
}

const UNIMPLEMENTED: &str = "12";
