//! A plugin's services, and the sessions they are served in.

mod session;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use pintle_core::{Listener, PluginLink};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tarpc::context::Context;
use tarpc::{RequestName, ServerError};
use tokio_util::task::TaskTracker;

use crate::broker::{BrokerError, TarpcBroker};
use crate::error::TarpcError;
use crate::raw::{Answer, Body, ByteCall};
use crate::service::{self, AnyService};
use session::Seat;

/// What a plugin puts its tarpc service into.
pub struct TarpcServer {
    broker: TarpcBroker,
    added: Vec<(&'static str, Arc<dyn AnyService>)>,
    /// Whose services are being added.
    plugin: &'static str,
}

/// The services of a plugin process, by the names of their plugins.
pub(crate) type Services = BTreeMap<&'static str, Arc<dyn AnyService>>;

impl TarpcServer {
    pub(crate) fn new(broker: TarpcBroker) -> Self {
        Self {
            broker,
            added: Vec::new(),
            plugin: "",
        }
    }

    /// Adds the plugin's service: `server.add(spawnable!(self.store.clone().serve()))`.
    ///
    /// What is added is any function from a call to its answer; [`spawnable!`](crate::spawnable)
    /// makes one of a service that tarpc generated. A plugin has one service; a second one is a
    /// mistake that serving then reports.
    ///
    /// Calls run at the same time, as many as the transport allows, each on a task of the session.
    /// A call that panics is answered with an error at once and harms no other.
    pub fn add<Req, Resp, F, Fut>(&mut self, calls: F) -> &mut Self
    where
        Req: RequestName + DeserializeOwned + Send + 'static,
        Resp: Serialize + Send + 'static,
        F: Fn(Context, Req) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Resp, ServerError>> + Send + 'static,
    {
        self.added.push((self.plugin, service::service(calls)));
        self
    }

    /// Adds the plugin's service as one of bytes: methods by name, whose arguments and answers are
    /// written and read by whoever adds it. [`TarpcClient::bytes`](crate::TarpcClient::bytes) calls
    /// it; the rest is as with [`add`](Self::add).
    ///
    /// An error is for a call that cannot be answered, as of a method that there is not
    /// ([`ByteCall::unknown_method`]); an error that the service means to give is
    /// [`Answer::Failed`]. Where the answers of the methods differ in type, `B` is an enum of them,
    /// or `Box<dyn Body>`.
    ///
    /// ```
    /// use pintle_core::{Bindings, Plugin, PluginOver, PluginSet, in_process};
    /// use pintle_tarpc::{Answer, ByteChannel, Bytes, Tarpc, TarpcClient, TarpcServer, within};
    ///
    /// struct Shout;
    ///
    /// impl Plugin for Shout {
    ///     const NAME: &'static str = "shout";
    ///     type Client = ByteChannel;
    ///
    ///     fn transports(on: Bindings<Self>) -> Bindings<Self> {
    ///         on.over::<Tarpc>()
    ///     }
    /// }
    ///
    /// impl PluginOver<Tarpc> for Shout {
    ///     fn serve(&self, server: &mut TarpcServer) {
    ///         server.add_bytes(|_context, call| async move {
    ///             match call.method() {
    ///                 "Upper" => Ok(Answer::Done(Bytes::from(call.body().to_ascii_uppercase()))),
    ///                 _ => Err(call.unknown_method()),
    ///             }
    ///         });
    ///     }
    ///
    ///     fn client(client: TarpcClient) -> ByteChannel {
    ///         client.bytes()
    ///     }
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let time = std::time::Duration::from_secs(30);
    /// let session = in_process(PluginSet::new().plugin(Shout), Tarpc).await?;
    /// let shout = session.dispense::<Shout>().await?;
    /// let answer = shout.call(within(time), "Upper", Bytes::from_static(b"hey")).await?;
    /// assert_eq!(answer, Answer::Done(Bytes::from_static(b"HEY")));
    /// # session.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_bytes<B, F, Fut>(&mut self, calls: F) -> &mut Self
    where
        B: Body,
        F: Fn(Context, ByteCall) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer<B>, ServerError>> + Send + 'static,
    {
        self.added.push((self.plugin, service::byte_service(calls)));
        self
    }

    /// The broker, to call what the other side serves by id, and to serve it something.
    pub fn broker(&self) -> &TarpcBroker {
        &self.broker
    }

    /// What is added from now on belongs to that plugin.
    pub(crate) fn begin_plugin(&mut self, plugin: &'static str) {
        self.plugin = plugin;
    }

    /// What was added for a broker id.
    pub(crate) fn into_one_service(self) -> Result<Arc<dyn AnyService>, BrokerError> {
        let count = self.added.len();
        let mut added = self.added.into_iter();
        match (added.next(), count) {
            (Some((_, service)), 1) => Ok(service),
            _ => Err(BrokerError::NotOneService(count)),
        }
    }

    fn into_services(self) -> Result<Services, TarpcError> {
        let mut services = Services::new();
        for (plugin, service) in self.added {
            if services.insert(plugin, service).is_some() {
                return Err(TarpcError::TwoServices(plugin));
            }
        }
        Ok(services)
    }

    /// Serves whoever connects, one host at a time, until the plugin is to end.
    pub(crate) async fn run(self, link: PluginLink, listener: Listener) -> Result<(), TarpcError> {
        let broker = self.broker.clone();
        let seat = Seat::new(self.into_services()?, broker.clone(), link.clone());
        let connections = TaskTracker::new();
        loop {
            let incoming = tokio::select! {
                biased;
                () = link.shutdown.wait() => break,
                incoming = listener.accept() => incoming,
            };
            let serving = Arc::clone(&seat).serve(incoming);
            link.tasks.spawn(connections.track_future(serving));
        }
        // Nobody connects any more; the socket's file is gone with the listener.
        drop(listener);
        broker.close();
        connections.close();
        connections.wait().await;
        Ok(())
    }
}

impl fmt::Debug for TarpcServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plugins: Vec<_> = self.added.iter().map(|(plugin, _)| plugin).collect();
        f.debug_struct("TarpcServer")
            .field("plugins", &plugins)
            .finish_non_exhaustive()
    }
}
