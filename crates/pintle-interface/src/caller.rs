//! Calling an interface on the other side.

use std::fmt;
use std::sync::Arc;

use tracing::Instrument;

use crate::carrier::{self, Carrier};
use crate::error::CallError;
use crate::interface::Failure;
use crate::link::Link;
use crate::message::Message;
use crate::method::Method;

/// What a client calls through, over whichever transport. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    link: Link,
    calls: Calls,
}

#[derive(Clone)]
enum Calls {
    #[cfg(feature = "grpc")]
    Grpc(crate::grpc::Calls),
    #[cfg(feature = "tarpc")]
    Tarpc(pintle_tarpc::ByteChannel),
    Carried(Arc<dyn Carrier>),
}

/// How a call failed: with the error that the interface names, or otherwise.
pub(crate) enum Failed<E> {
    Named(E),
    Otherwise(CallError),
}

impl Caller {
    /// Calls over a transport written elsewhere.
    pub fn over(carrier: Arc<dyn Carrier>) -> Self {
        Self {
            link: Link::over(Arc::clone(&carrier)),
            calls: Calls::Carried(carrier),
        }
    }

    #[cfg(feature = "grpc")]
    pub(crate) fn grpc(channel: pintle_grpc::Channel, broker: &pintle_grpc::GrpcBroker) -> Self {
        Self {
            link: Link::new(broker.clone()),
            calls: Calls::Grpc(crate::grpc::Calls::new(channel)),
        }
    }

    #[cfg(feature = "tarpc")]
    pub(crate) fn tarpc(client: pintle_tarpc::TarpcClient) -> Self {
        Self {
            link: Link::new(client.broker().clone()),
            calls: Calls::Tarpc(client.bytes()),
        }
    }

    /// What the call's callbacks and streams go by.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Makes one call. Dropping the future cancels it on the other side.
    ///
    /// # Errors
    /// The error that the interface names, or what a [`CallError`] becomes in it.
    pub async fn call<Q, R, E>(&self, method: &'static Method<Q, R, E>, request: Q) -> Result<R, E>
    where
        Q: Message,
        R: Message,
        E: Failure,
    {
        let span = tracing::debug_span!("call", method = method.path);
        let answer = async {
            match &self.calls {
                #[cfg(feature = "grpc")]
                Calls::Grpc(calls) => calls.call(method, request).await,
                #[cfg(feature = "tarpc")]
                Calls::Tarpc(calls) => crate::tarpc::call(calls, method, request).await,
                Calls::Carried(carrier) => carrier::call(&**carrier, method, request).await,
            }
        };
        answer
            .instrument(span)
            .await
            .map_err(|failed| match failed {
                Failed::Named(error) => error,
                Failed::Otherwise(error) => error.into(),
            })
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}
