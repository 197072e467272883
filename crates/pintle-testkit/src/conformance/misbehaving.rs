use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use pintle::grpc::{GrpcClient, GrpcServer};
use pintle::tarpc::{TarpcClient, TarpcServer};
use pintle::{Bindings, BoxError, BoxFuture, Grpc, Plugin, PluginOver, Tarpc};

use super::{Conformance, Conformant, Peer, over_grpc, over_tarpc};

/// What [`Ask::Misbehave`](super::Ask) makes a plugin do.
pub type Misdeed = Arc<dyn Fn() -> BoxFuture<'static, Result<Bytes, BoxError>> + Send + Sync>;

/// The suite's plugin with one fault. A host cannot tell the two apart.
#[derive(Clone)]
pub struct Misbehaving {
    misdeed: Misdeed,
}

impl Misbehaving {
    /// The suite's plugin, which does this when asked to misbehave.
    pub fn new(misdeed: Misdeed) -> Self {
        Self { misdeed }
    }
}

impl Plugin for Misbehaving {
    const NAME: &'static str = Conformance::NAME;
    type Client = Arc<dyn Peer>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>().over::<Tarpc>()
    }
}

impl PluginOver<Grpc> for Misbehaving {
    fn serve(&self, server: &mut GrpcServer) {
        let side = Arc::new(server.broker().clone());
        let misdeed = Arc::clone(&self.misdeed);
        over_grpc::add(server, Conformant::misbehaving(side, misdeed));
    }

    fn client(client: GrpcClient) -> Arc<dyn Peer> {
        <Conformance as PluginOver<Grpc>>::client(client)
    }
}

impl PluginOver<Tarpc> for Misbehaving {
    fn serve(&self, server: &mut TarpcServer) {
        let side = Arc::new(server.broker().clone());
        let misdeed = Arc::clone(&self.misdeed);
        over_tarpc::add(server, Conformant::misbehaving(side, misdeed));
    }

    fn client(client: TarpcClient) -> Arc<dyn Peer> {
        <Conformance as PluginOver<Tarpc>>::client(client)
    }
}

impl fmt::Debug for Misbehaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Misbehaving").finish_non_exhaustive()
    }
}
