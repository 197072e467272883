//! A transport as somebody else would bring it: with a word of its own on the handshake line, and
//! nothing but what is public. That its bytes are those of tarpc nobody needs to know.

use std::sync::Arc;

use pintle::tarpc::{TarpcClient, TarpcConnection, TarpcServer};
use pintle::transport::{HostLink, Listener, PluginLink};
use pintle::{Bindings, BoxError, PluginOver, Protocol, Tarpc, Transport};
use pintle_testkit::conformance::{Conformance, Peer, roomy_tarpc};

/// The transport.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    within: Tarpc,
}

/// The transport, with room for the suite.
pub(crate) fn outside() -> Outside {
    Outside {
        within: roomy_tarpc(),
    }
}

impl Transport for Outside {
    type Server = TarpcServer;
    type Client = TarpcClient;
    type Connection = TarpcConnection;

    fn protocol(&self) -> Protocol {
        Protocol::new("outside")
    }

    async fn connect(&self, link: HostLink) -> Result<TarpcConnection, BoxError> {
        self.within.connect(link).await
    }

    fn server(&self, link: &PluginLink) -> TarpcServer {
        self.within.server(link)
    }

    fn begin_plugin(&self, server: &mut TarpcServer, plugin: &'static str) {
        self.within.begin_plugin(server, plugin);
    }

    async fn serve(
        &self,
        server: TarpcServer,
        link: PluginLink,
        listener: Listener,
    ) -> Result<(), BoxError> {
        self.within.serve(server, link, listener).await
    }
}

/// The suite's plugin over it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plugin;

impl pintle::Plugin for Plugin {
    const NAME: &'static str = "outsider";
    type Client = Arc<dyn Peer>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Outside>()
    }
}

impl PluginOver<Outside> for Plugin {
    fn serve(&self, server: &mut TarpcServer) {
        PluginOver::<Tarpc>::serve(&Conformance, server);
    }

    fn client(client: TarpcClient) -> Arc<dyn Peer> {
        <Conformance as PluginOver<Tarpc>>::client(client)
    }
}
