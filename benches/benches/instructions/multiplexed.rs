//! gRPC on one multiplexed connection, for a plugin that was not launched.
//!
//! A host asks for it in the plugin's environment, and only a plugin that is launched looks there.
//! Here both sides know.

use pintle::grpc::{GrpcClient, GrpcServer};
use pintle::interface::Served;
use pintle::transport::{HostLink, Listener, PluginLink, Transport};
use pintle::{Bindings, BoxError, Grpc, Plugin, PluginOver, Protocol};

use crate::echo::{Echo, EchoClient, Parrot};

/// [`Grpc`], as it is when both sides have agreed on one connection.
pub(crate) struct Multiplexed;

impl Transport for Multiplexed {
    type Server = GrpcServer;
    type Client = GrpcClient;
    type Connection = <Grpc as Transport>::Connection;

    fn protocol(&self) -> Protocol {
        Grpc.protocol()
    }

    fn alpn(&self) -> &'static [&'static [u8]] {
        Grpc.alpn()
    }

    async fn connect(&self, mut link: HostLink) -> Result<Self::Connection, BoxError> {
        link.multiplexed = true;
        Grpc.connect(link).await
    }

    fn server(&self, link: &PluginLink) -> GrpcServer {
        let mut link = link.clone();
        link.multiplexed = true;
        Grpc.server(&link)
    }

    async fn serve(
        &self,
        server: GrpcServer,
        mut link: PluginLink,
        listener: Listener,
    ) -> Result<(), BoxError> {
        link.multiplexed = true;
        Grpc.serve(server, link, listener).await
    }
}

/// The same plugin, said to work over it.
pub(crate) struct OverMultiplexed(Served<dyn Echo, Parrot>);

impl OverMultiplexed {
    pub(crate) fn new() -> Self {
        Self(Served::new(Parrot))
    }
}

impl Plugin for OverMultiplexed {
    const NAME: &'static str = Served::<dyn Echo, Parrot>::NAME;
    type Client = EchoClient;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Multiplexed>()
    }
}

impl PluginOver<Multiplexed> for OverMultiplexed {
    fn serve(&self, server: &mut GrpcServer) {
        PluginOver::<Grpc>::serve(&self.0, server);
    }

    fn client(client: GrpcClient) -> EchoClient {
        <Served<dyn Echo, Parrot> as PluginOver<Grpc>>::client(client)
    }
}
