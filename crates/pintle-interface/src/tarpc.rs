//! Interfaces over tarpc's calls: the same messages, as bytes.

use std::future::Future;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use pintle_core::{BoxFuture, Broker, Pieces};
use pintle_tarpc::tarpc::ServerError;
use pintle_tarpc::tarpc::client::RpcError;
use pintle_tarpc::{
    Answer, Body, ByteCall, ByteChannel, Served, TarpcBroker, TarpcServer, session_closed, within,
};

use crate::caller::{Caller, Failed};
use crate::carrier::{self, Offered};
use crate::error::{CallError, Code, shared};
use crate::interface::{Call, Failure, Serves};
use crate::link::{Link, Services};
use crate::message::Message;
use crate::method::Method;
use crate::served::ServeById;

/// Makes one call.
pub(crate) async fn call<Q: Message, R: Message, E: Failure>(
    calls: &ByteChannel,
    method: &'static Method<Q, R, E>,
    request: Q,
) -> Result<R, Failed<E>> {
    // As long as the transport allows: then as good as none.
    let context = within(method.deadline.unwrap_or(Duration::MAX));
    let answer = calls.call(context, method.name, Written(request)).await;
    carrier::read(match answer {
        Ok(Answer::Done(bytes)) => carrier::Answer::Done(bytes),
        Ok(Answer::Failed(bytes)) => carrier::Answer::Failed(bytes),
        Err(error) => return Err(Failed::Otherwise(otherwise(error))),
    })
}

fn otherwise(error: RpcError) -> CallError {
    if let Some(closed) = session_closed(&error) {
        return CallError::Lost(closed.clone());
    }
    match error {
        RpcError::DeadlineExceeded => CallError::DeadlineExceeded,
        RpcError::Server(error) if error.kind == ErrorKind::Unsupported => {
            CallError::Unimplemented(error.detail)
        }
        RpcError::Server(error) => CallError::with_code(Code::Internal, error.detail),
        RpcError::Send(cause) => CallError::Unsendable(shared(cause)),
        error => CallError::Disconnected(shared(error)),
    }
}

impl Services for TarpcBroker {
    fn streams(&self) -> &dyn Broker {
        self
    }

    fn serve<'a>(
        &'a self,
        service: &'a dyn ServeById,
    ) -> BoxFuture<'a, Result<Offered, CallError>> {
        let served = TarpcBroker::serve(self, |server| service.add_to_tarpc(server));
        Box::pin(async {
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
            let client = TarpcBroker::dial(self, id).await;
            Ok(Caller::tarpc(client.map_err(CallError::broker)?))
        })
    }
}

/// Adds the service of an implementation.
pub(crate) fn serve<I, T>(value: Arc<T>, server: &mut TarpcServer)
where
    I: Serves<T> + ?Sized,
    T: Send + Sync + 'static,
{
    let link = Link::new(server.broker().clone());
    server.add_bytes(move |_, call| {
        let link = link.clone();
        I::dispatch(Arc::clone(&value), Incoming { call, link })
    });
}

/// A call as it arrived.
struct Incoming {
    call: ByteCall,
    link: Link,
}

impl Call for Incoming {
    type Reply = Result<Answer<Box<dyn Body>>, ServerError>;

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
        let request = Q::decode(self.call.into_body()).map_err(|error| {
            let text = format!("the call cannot be read: {error}");
            ServerError::new(ErrorKind::InvalidData, text)
        })?;
        Ok(match handle(request, self.link).await {
            Ok(answer) => Answer::Done(Box::new(Written(answer))),
            Err(error) => Answer::Failed(Box::new(Written(error))),
        })
    }

    fn unknown(self) -> Self::Reply {
        Err(self.call.unknown_method())
    }
}

/// A message as a body of bytes.
struct Written<M>(M);

impl<M: Message> Body for Written<M> {
    fn length(&self) -> usize {
        self.0.fields_len()
    }

    fn write(&self, to: &mut Pieces) {
        self.0.put_fields(to);
    }
}
