//! The ways in which a host and the rogue can talk.

use std::fmt;
use std::time::Duration;

use pintle::{Grpc, Host, Transports};

use crate::conformance::roomy_tarpc;

/// A transport, with mutual TLS or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The transport.
    pub over: Over,
    /// Whether there is TLS.
    pub secure: bool,
}

/// A transport, and how it uses connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// gRPC, with a connection for each broker id.
    Grpc,
    /// gRPC, with everything on one connection.
    Multiplexed,
    /// tarpc.
    Tarpc,
}

impl Way {
    /// Every way there is.
    pub const ALL: [Self; 6] = [
        Self::new(Over::Grpc, true),
        Self::new(Over::Grpc, false),
        Self::new(Over::Multiplexed, true),
        Self::new(Over::Multiplexed, false),
        Self::new(Over::Tarpc, true),
        Self::new(Over::Tarpc, false),
    ];

    /// A way of one's own choice.
    pub const fn new(over: Over, secure: bool) -> Self {
        Self { over, secure }
    }

    /// A host that goes this way.
    #[must_use]
    pub fn host(self, host: Host) -> Host {
        match self.secure {
            true => host,
            false => host.plaintext(),
        }
    }

    /// What to launch over. Over gRPC a dial by broker id does not wait long.
    pub fn transports(self) -> Transports {
        let grpc = Grpc.broker_dial_timeout(DIAL_TIMEOUT);
        match self.over {
            Over::Grpc => grpc.into(),
            Over::Multiplexed => grpc.multiplexed().into(),
            Over::Tarpc => roomy_tarpc().dispense_timeout(DISPENSE_TIMEOUT).into(),
        }
    }
}

/// Long enough for a dial that will succeed on a busy machine, short enough for those that will not.
const DIAL_TIMEOUT: Duration = Duration::from_secs(1);

/// As long for what every session does.
const DISPENSE_TIMEOUT: Duration = Duration::from_secs(4);

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = match self.over {
            Over::Grpc => "gRPC",
            Over::Multiplexed => "multiplexed gRPC",
            Over::Tarpc => "tarpc",
        };
        let security = if self.secure { "TLS" } else { "plaintext" };
        write!(f, "{over} with {security}")
    }
}
