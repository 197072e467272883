use std::convert::Infallible;
use std::fmt;

use http::{Request, Response};
use pintle_core::{Listener, PluginLink, Stream, Tasks};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower_service::Service;

use crate::broker::GrpcBroker;
use crate::endpoint::{self, Source};
use crate::h2::{DuplicateService, Limits, Router, Settings, UnaryCall, UnaryMessage};
use crate::transport::GrpcError;
use crate::trunk::Trunk;
use crate::{controller, health, reflection, stdio};

/// What a plugin puts its gRPC services into.
pub struct GrpcServer {
    broker: GrpcBroker,
    router: Router,
    duplicate: Option<DuplicateService>,
    descriptors: Vec<&'static [u8]>,
}

impl GrpcServer {
    pub(crate) fn new(broker: GrpcBroker) -> Self {
        Self {
            broker,
            router: Router::default(),
            duplicate: None,
            descriptors: Vec::new(),
        }
    }

    /// Adds a generated server, or any tonic service with a name.
    ///
    /// Two of one name are a mistake that serving then reports. Wrap it in
    /// [`limited!`](crate::limited) to lift tonic's limit of 4 MiB per message.
    pub fn add<S>(&mut self, service: S) -> &mut Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        if let Err(duplicate) = self.router.add(service) {
            self.duplicate.get_or_insert(duplicate);
        }
        self
    }

    /// Adds a service whose calls have one message each way, as bytes: for those who have an encoding
    /// of their own. [`Channel::unary`](crate::Channel::unary) calls it, and so does every other
    /// client of gRPC.
    ///
    /// `name` is the service's full name; two of one name are a mistake that serving then reports.
    /// Calls run at the same time; one that panics fails with `Internal` and harms no other.
    pub fn add_unary<F, Fut>(&mut self, name: &'static str, calls: F) -> &mut Self
    where
        F: Fn(UnaryCall) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<UnaryMessage, Status>> + Send + 'static,
    {
        if let Err(duplicate) = self.router.add_unary(name, calls) {
            self.duplicate.get_or_insert(duplicate);
        }
        self
    }

    /// Adds an encoded `FileDescriptorSet`, so that reflection can describe the
    /// services it holds. Their names are listed without it, too.
    pub fn descriptors(&mut self, encoded: &'static [u8]) -> &mut Self {
        self.descriptors.push(encoded);
        self
    }

    /// The broker, to call what the other side serves by id, and to serve it something.
    pub fn broker(&self) -> &GrpcBroker {
        &self.broker
    }

    /// How long messages may be; see [`limited!`](crate::limited).
    pub fn limits(&self) -> Limits {
        self.broker.limits()
    }

    pub(crate) fn into_router(self) -> Result<Router, DuplicateService> {
        match self.duplicate {
            Some(duplicate) => Err(duplicate),
            None => Ok(self.router),
        }
    }

    /// Serves the plugin's services and those every plugin has, until the host asks it to end.
    pub(crate) async fn run(
        mut self,
        settings: Settings,
        link: PluginLink,
        listener: Listener,
    ) -> Result<(), GrpcError> {
        let stop = CancellationToken::new();
        self.add(health::service().await);
        self.add(controller::service(link.shutdown.clone()));
        self.add(stdio::service(link.stdio.clone()));
        let broker = self.broker.clone();
        self.add(broker.service());
        self.add_reflection()?;

        let router = self.into_router()?;
        let served = Endpoint {
            router,
            settings,
            tasks: link.tasks.clone(),
            stop: stop.clone(),
        };
        let serving = async {
            match broker.trunk() {
                Some(trunk) => served.over(trunk, &broker, listener, &link).await,
                None => served.on(listener).await,
            }
            // One connection for everything: when it is gone, so is the host.
            link.shutdown.trigger();
        };
        let ending = async {
            link.shutdown.wait().await;
            broker.close();
            stop.cancel();
        };
        tokio::join!(serving, ending);
        Ok(())
    }

    fn add_reflection(&mut self) -> Result<(), GrpcError> {
        let names: Vec<_> = self.router.service_names().collect();
        let services = reflection::services(&names, &self.descriptors)?;
        self.add(services.v1);
        self.add(services.v1alpha);
        Ok(())
    }
}

/// What a plugin serves its host, and until when.
struct Endpoint {
    router: Router,
    settings: Settings,
    tasks: Tasks,
    stop: CancellationToken,
}

impl Endpoint {
    async fn on(self, listener: Listener) {
        let source = Source::Listener(listener);
        endpoint::serve(source, self.router, self.settings, self.tasks, self.stop).await;
    }

    /// One host, or, where the plugin outlives its host, one after the other.
    async fn over(
        &self,
        trunk: &Trunk,
        broker: &GrpcBroker,
        listener: Listener,
        link: &PluginLink,
    ) {
        let mut listener = Some(listener);
        while let Some(door) = &listener {
            let first = tokio::select! {
                () = self.stop.cancelled() => return,
                first = trunk.accept(door, &link.net) => first,
            };
            if !link.outlives_host {
                // The host has come, and nobody else is expected.
                listener = None;
            }
            self.one_host(first, trunk, broker, link).await;
        }
    }

    async fn one_host(&self, first: Stream, trunk: &Trunk, broker: &GrpcBroker, link: &PluginLink) {
        broker.forget_unsaid();
        let (main, streams) = mpsc::channel(MAIN_STREAMS);
        let doors = trunk.clone().keep_doors(Some(main), broker.answers());
        let source = Source::Trunk {
            streams,
            net: link.net.clone(),
            _door: None,
        };
        let Self {
            router,
            settings,
            tasks,
            stop,
        } = self;
        let main = endpoint::serve_stream(first, router, settings, tasks, stop);
        let more = endpoint::serve(
            source,
            router.clone(),
            settings.clone(),
            tasks.clone(),
            stop.clone(),
        );
        let served = async {
            tokio::join!(main, more);
            trunk.close();
        };
        tokio::select! {
            () = served => {}
            // With the doors gone, so is the connection, and serving ends by itself.
            () = async { doors.await; std::future::pending().await } => {}
        }
    }
}

/// How many further connections to the main services may wait to be taken.
const MAIN_STREAMS: usize = 16;

impl fmt::Debug for GrpcServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcServer")
            .field("services", &self.router.service_names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
