//! The brokers of both sides of a session in this process.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pintle_core::{Bindings, EndReason, Plugin, PluginOver, PluginSet, Session, in_process};
use tokio::time::timeout;

use super::{BrokerError, GrpcBroker};
use crate::{Grpc, GrpcClient, GrpcServer};

/// Far longer than anything takes that is not to fail.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves nothing, and gives its broker away.
#[derive(Debug, Default)]
struct Brokered(Arc<OnceLock<GrpcBroker>>);

impl Plugin for Brokered {
    const NAME: &'static str = "brokered";
    type Client = GrpcBroker;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>()
    }
}

impl PluginOver<Grpc> for Brokered {
    fn serve(&self, server: &mut GrpcServer) {
        let _ = self.0.set(server.broker().clone());
    }

    fn client(client: GrpcClient) -> GrpcBroker {
        client.broker().clone()
    }
}

/// A session and the brokers of its two sides: the host's and the plugin's.
async fn brokers() -> (Session, [GrpcBroker; 2]) {
    let given = Arc::new(OnceLock::new());
    let plugins = PluginSet::new().plugin(Brokered(Arc::clone(&given)));
    let session = in_process(plugins, Grpc).await.unwrap();
    let host = session.dispense::<Brokered>().await.unwrap();
    let plugin = given.get().unwrap().clone();
    (session, [host, plugin])
}

/// Serves something at `near`, and dials it from `far`.
async fn join(near: &GrpcBroker, far: &GrpcBroker) {
    let served = near.serve(|_| {}).await.unwrap();
    far.dial(served.id()).await.unwrap();
}

#[tokio::test]
async fn what_is_announced_and_never_dialled_costs_the_other_side_no_task() {
    let (session, [host, plugin]) = brokers().await;
    for (near, far) in [(&host, &plugin), (&plugin, &host)] {
        join(near, far).await;
        let before = far.shared.tasks.count();
        for _ in 0..100 {
            drop(near.serve(|_| {}).await.unwrap());
        }
        // Once this is announced, all are.
        join(near, far).await;
        let settled = async {
            while far.shared.tasks.count() > before {
                tokio::task::yield_now().await;
            }
        };
        let settled = timeout(PATIENCE, settled).await;
        let tasks = far.shared.tasks.count();
        settled.unwrap_or_else(|_| panic!("{before} tasks became {tasks}"));
    }
    session.close().await.unwrap();
}

#[tokio::test]
async fn what_is_asked_after_the_end_is_told_why_it_ended() {
    let (session, [host, plugin]) = brokers().await;
    session.close().await.unwrap();
    let reason = |error: BrokerError| {
        let BrokerError::Closed(closed) = error else {
            panic!("{error:?}")
        };
        closed.map(|closed| closed.reason())
    };
    for error in [
        host.next_id().map(drop).unwrap_err(),
        host.claim(7).map(drop).unwrap_err(),
        host.serve(|_| {}).await.map(drop).unwrap_err(),
        host.serve_once(|_| {}).await.map(drop).unwrap_err(),
        host.offer_stream().await.map(drop).unwrap_err(),
        host.dial(7).await.map(drop).unwrap_err(),
        host.stream(7).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(reason(error), Some(EndReason::Closed));
    }
    // Its host is gone, and did not say why.
    assert_eq!(reason(plugin.next_id().map(drop).unwrap_err()), None);
}
