use crate::broker::GrpcBroker;
use crate::h2::{Channel, Limits};

/// What a plugin's client is made from.
#[derive(Clone, Debug)]
pub struct GrpcClient {
    channel: Channel,
    broker: GrpcBroker,
}

impl GrpcClient {
    pub(crate) fn new(channel: Channel, broker: GrpcBroker) -> Self {
        Self { channel, broker }
    }

    /// The channel for a generated client. Cheap to clone; it never reconnects.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The broker, to let the plugin call the host.
    pub fn broker(&self) -> &GrpcBroker {
        &self.broker
    }

    /// How long messages may be; see [`limited!`](crate::limited).
    pub fn limits(&self) -> Limits {
        self.broker.limits()
    }
}
