//! What a call can use beside its bytes: the broker of its session.

use std::sync::Arc;

use pintle_core::{Broker, Tasks};

use crate::callback::ServeById;
use crate::caller::Caller;
use crate::carrier::Carrier;
use crate::error::CallError;
#[cfg(any(feature = "grpc", feature = "tarpc"))]
use crate::error::shared;
use crate::interface::Interface;
use crate::pass::Guard;

/// The session that a call belongs to. Cheap to clone: every call does.
#[derive(Clone, Debug)]
pub struct Link(Arc<Brokers>);

/// One broker in two views.
#[derive(Debug)]
struct Brokers {
    /// Streams by id.
    streams: Arc<dyn Broker>,
    services: Services,
}

/// How services are offered by id, which is each transport's own.
#[derive(Debug)]
enum Services {
    #[cfg(feature = "grpc")]
    Grpc(pintle_grpc::GrpcBroker),
    #[cfg(feature = "tarpc")]
    Tarpc(pintle_tarpc::TarpcBroker),
    Carried(Arc<dyn Carrier>),
}

impl Link {
    /// The session of a transport written elsewhere.
    pub fn over(carrier: Arc<dyn Carrier>) -> Self {
        Self(Arc::new(Brokers {
            streams: carrier.broker(),
            services: Services::Carried(carrier),
        }))
    }

    #[cfg(feature = "grpc")]
    pub(crate) fn grpc(broker: &pintle_grpc::GrpcBroker) -> Self {
        Self(Arc::new(Brokers {
            streams: Arc::new(broker.clone()),
            services: Services::Grpc(broker.clone()),
        }))
    }

    #[cfg(feature = "tarpc")]
    pub(crate) fn tarpc(broker: &pintle_tarpc::TarpcBroker) -> Self {
        Self(Arc::new(Brokers {
            streams: Arc::new(broker.clone()),
            services: Services::Tarpc(broker.clone()),
        }))
    }

    /// Byte streams by id.
    pub(crate) fn broker(&self) -> &dyn Broker {
        &*self.0.streams
    }

    pub(crate) fn tasks(&self) -> Tasks {
        self.broker().tasks()
    }

    /// Offers a service under a fresh id, until the guard is dropped.
    pub(crate) async fn serve(&self, service: &dyn ServeById) -> Result<(u32, Guard), CallError> {
        match &self.0.services {
            #[cfg(feature = "grpc")]
            Services::Grpc(broker) => {
                // Whoever comes is who the id was sent to; when they leave, nobody needs it.
                let served = broker
                    .serve_once(|server| service.add_to_grpc(server))
                    .await;
                let served = served.map_err(|error| CallError::Broker(shared(error)))?;
                let id = served.id();
                let used = async move {
                    let _ = served.ended().await;
                };
                Ok((id, Guard::Service(self.tasks(), Box::pin(used))))
            }
            #[cfg(feature = "tarpc")]
            Services::Tarpc(broker) => {
                let served = broker.serve(|server| service.add_to_tarpc(server));
                let served = served.map_err(|error| CallError::Broker(shared(error)))?;
                let id = served.id();
                let used = async move {
                    let _ = served.ended().await;
                };
                Ok((id, Guard::Service(self.tasks(), Box::pin(used))))
            }
            Services::Carried(carrier) => {
                let (id, used) = carrier.serve(service.answers()).await?;
                Ok((id, Guard::Service(self.tasks(), used)))
            }
        }
    }

    /// Connects to the service that the other side offers under `id`.
    pub(crate) async fn dial<I: Interface + ?Sized>(
        &self,
        id: u32,
    ) -> Result<I::Client, CallError> {
        let caller = match &self.0.services {
            #[cfg(feature = "grpc")]
            Services::Grpc(broker) => {
                let channel = broker.dial(id).await;
                let channel = channel.map_err(|error| CallError::Broker(shared(error)))?;
                Caller::grpc(channel, broker)
            }
            #[cfg(feature = "tarpc")]
            Services::Tarpc(broker) => {
                let client = broker.dial(id).await;
                let client = client.map_err(|error| CallError::Broker(shared(error)))?;
                Caller::tarpc(client)
            }
            Services::Carried(carrier) => Caller::over(carrier.dial(id).await?),
        };
        Ok(I::client(caller))
    }
}
