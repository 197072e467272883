//! The host's end of a session over gRPC.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use pintle_core::{BoxError, Connection, Ended, HostLink};
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::broker::GrpcBroker;
use crate::client::GrpcClient;
use crate::h2::{Channel, LostReason, SharedError};
use crate::pb::Empty;
use crate::pb::grpc_controller_client::GrpcControllerClient;
use crate::transport::{Grpc, GrpcError};
use crate::{health, stdio};

/// A host's connection to its plugin.
#[derive(Debug)]
pub struct GrpcConnection {
    client: GrpcClient,
}

impl GrpcConnection {
    pub(crate) async fn open(grpc: &Grpc, link: HostLink) -> Result<Self, GrpcError> {
        let over = Arc::new(OnceLock::new());
        let lost = reason_of(link.ended.clone(), Arc::clone(&over));
        let broker = GrpcBroker::for_host(grpc, &link, lost.clone());
        let stream = match broker.trunk() {
            Some(trunk) => {
                let bare = link.net.dial_bare(&link.address).await?;
                let stream = trunk.open(bare).await?;
                link.net.dial_over(stream).await?
            }
            None => link.net.dial(&link.address).await?,
        };
        let channel = Channel::connect(
            stream,
            &grpc.settings(),
            link.tasks.tracker(),
            link.tasks.stopping().clone(),
            lost,
        )
        .await?;
        let _ = over.set(channel.over());
        // The session tells why it ended when these have ended: they cannot ask.
        let own = channel.unexplained();
        link.outputs
            .spawn(stdio::follow(own.clone(), link.output.clone()));
        // Neither stream answers before the plugin has something to say, so
        // nothing waits for them.
        link.tasks.spawn(broker.clone().exchange(own));
        if let Some(trunk) = broker.trunk() {
            link.tasks
                .spawn(trunk.clone().keep_doors(None, broker.answers()));
        }
        Ok(Self {
            client: GrpcClient::new(channel, broker),
        })
    }
}

impl Connection for GrpcConnection {
    type Client = GrpcClient;

    /// gRPC knows no names of plugins: whatever is asked for is made from the same channel.
    async fn dispense(&self, _: &str) -> Result<GrpcClient, BoxError> {
        Ok(self.client.clone())
    }

    async fn ping(&self) -> Result<(), BoxError> {
        let request = HealthCheckRequest {
            service: health::SERVICE.to_owned(),
        };
        let answer = HealthClient::new(self.client.channel())
            .check(request)
            .await?;
        match answer.get_ref().status() {
            ServingStatus::Serving => Ok(()),
            _ => Err(GrpcError::NotServing.into()),
        }
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        self.client.broker().close();
        match GrpcControllerClient::new(self.client.channel())
            .shutdown(Empty {})
            .await
        {
            Ok(_) => Ok(()),
            // A Go plugin's server stops before its answer is through.
            Err(status) if status.code() == Code::Unavailable => Ok(()),
            Err(status) => Err(status.into()),
        }
    }

    fn lost(&self) -> impl Future<Output = ()> + Send {
        let closed = self.client.channel().closed();
        async {
            closed.await;
        }
    }
}

/// Lets calls that fail with their connection name the reason why the session ended. `over` is
/// cancelled when the session's own connection has ended, and is not there before that is made.
fn reason_of(ended: Ended, over: Arc<OnceLock<CancellationToken>>) -> LostReason {
    Arc::new(move || {
        let (ended, over) = (ended.clone(), Arc::clone(&over));
        Box::pin(async move {
            let over = async {
                match over.get() {
                    Some(over) => over.cancelled().await,
                    None => std::future::pending().await,
                }
            };
            let closed = ended.explain(over).await?;
            Some(Arc::new(closed) as SharedError)
        })
    })
}
