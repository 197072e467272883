//! The stream on which both sides tell each other where their ids are served.

use std::pin::Pin;

use futures_core::Stream;
use pintle_core::Address;
use tokio::time::Instant;
use tokio_stream::StreamExt;
use tonic::{Request, Response, Status, Streaming};

use super::outbox::Messages;
use super::{GrpcBroker, Refused};
use crate::h2::Channel;
use crate::pb::ConnInfo;
use crate::pb::conn_info::Knock;
use crate::pb::grpc_broker_client::GrpcBrokerClient;
use crate::pb::grpc_broker_server::{GrpcBroker as Service, GrpcBrokerServer};

/// How much of the reason for a refusal is kept.
const MAX_REASON_CHARS: usize = 200;

impl GrpcBroker {
    /// Host side: exchanges announcements until either side ends.
    pub(crate) async fn exchange(self, channel: Channel) {
        let outgoing = Messages::of(&self.shared);
        let mut client = GrpcBrokerClient::new(channel);
        // A Go plugin answers only with its first announcement.
        match client.start_stream(outgoing).await {
            Ok(incoming) => self.receive(incoming.into_inner()).await,
            Err(status) => tracing::debug!(%status, "the plugin has no broker"),
        }
        self.close();
    }

    /// Plugin side: the service that a host exchanges announcements with.
    pub(crate) fn service(&self) -> GrpcBrokerServer<impl Service + use<>> {
        GrpcBrokerServer::new(Exchange {
            broker: self.clone(),
        })
    }

    async fn receive(&self, mut incoming: Streaming<ConnInfo>) {
        loop {
            match incoming.next().await {
                Some(Ok(message)) => self.announce(&message),
                Some(Err(status)) => {
                    return tracing::debug!(%status, "the exchange of broker ids ended");
                }
                None => return,
            }
        }
    }

    /// Takes an announcement of the other side. One that makes no sense is
    /// dropped: the dial it was for ends at its deadline.
    fn announce(&self, message: &ConnInfo) {
        let id = message.service_id;
        if let Some(knock) = &message.knock {
            return self.knocked(id, knock);
        }
        let address = match Address::parse(&message.network, &message.address) {
            Ok(address) => address,
            Err(error) => return tracing::warn!(id, %error, "an announcement is ignored"),
        };
        // As long as this side's own services wait to be dialled.
        let counts_for = self.shared.accept_timeout;
        let announced = self
            .table()
            .announce(id, address, Instant::now(), counts_for);
        if let Err(refused) = announced {
            tracing::debug!(id, %refused, "an announcement is ignored");
        }
    }

    fn knocked(&self, id: u32, knock: &Knock) {
        match self.trunk() {
            Some(trunk) if knock.ack && knock.error.is_empty() => trunk.answered(id, Ok(())),
            Some(trunk) if knock.ack => {
                let error = knock.error.chars().take(MAX_REASON_CHARS).collect();
                trunk.answered(id, Err(error));
            }
            Some(trunk) => trunk.knocked(id),
            None => tracing::warn!(id, "a knock is ignored: this session is not multiplexed"),
        }
    }
}

struct Exchange {
    broker: GrpcBroker,
}

#[tonic::async_trait]
impl Service for Exchange {
    type StartStreamStream = Pin<Box<dyn Stream<Item = Result<ConnInfo, Status>> + Send>>;

    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let outgoing = Messages::of(&self.broker.shared);
        // By the streams of hosts before this one.
        self.broker.table().forget_announced();
        let broker = self.broker.clone();
        self.broker
            .shared
            .tasks
            .spawn(async move { broker.receive(request.into_inner()).await });
        Ok(Response::new(Box::pin(outgoing.map(Ok))))
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Duplicate => "the id is in use",
            Self::TooMany => "too many ids are in use",
            Self::Closed => "the session has ended",
        })
    }
}
