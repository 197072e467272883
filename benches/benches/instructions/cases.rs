//! What is counted.

use pintle::{Grpc, Session, Tarpc, TestMode};

use crate::echo::{Echo, EchoClient, Parrot};
use crate::multiplexed::{Multiplexed, OverMultiplexed};
use crate::one_thread::{self, Security};

/// Payloads, in bytes: one that is all overhead, and one that is all bytes.
const SIZES: [usize; 2] = [32, 64 * 1024];

/// One kind of call.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    transport: Over,
    security: Security,
    pub(crate) bytes: usize,
}

#[derive(Clone, Copy)]
enum Over {
    Grpc,
    GrpcMultiplexed,
    Tarpc,
}

impl Case {
    /// Every transport with each payload, and the small one encrypted: bytes that are encrypted cost
    /// what the cipher costs, and that is not ours.
    pub(crate) fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for transport in [Over::Grpc, Over::GrpcMultiplexed, Over::Tarpc] {
            cases.extend(SIZES.map(|bytes| Self {
                transport,
                security: Security::Plain,
                bytes,
            }));
            cases.push(Self {
                transport,
                security: Security::Mutual,
                bytes: SIZES[0],
            });
        }
        cases
    }

    pub(crate) fn name(&self) -> String {
        let transport = match self.transport {
            Over::Grpc => "grpc",
            Over::GrpcMultiplexed => "grpc-mux",
            Over::Tarpc => "tarpc",
        };
        let security = match self.security {
            Security::Plain => "",
            Security::Mutual => "-tls",
        };
        format!("{transport}{security}-{}", self.bytes)
    }

    /// A plugin, and a host that is connected to it.
    pub(crate) async fn open(&self) -> (TestMode, Session) {
        match self.transport {
            Over::Grpc => one_thread::open(Parrot, Grpc, self.security).await,
            Over::GrpcMultiplexed => {
                one_thread::open(OverMultiplexed::new(), Multiplexed, self.security).await
            }
            Over::Tarpc => one_thread::open(Parrot, Tarpc, self.security).await,
        }
    }

    pub(crate) async fn client(&self, session: &Session) -> EchoClient {
        let client = match self.transport {
            Over::Grpc | Over::Tarpc => session.dispense::<dyn Echo>().await,
            Over::GrpcMultiplexed => session.dispense::<OverMultiplexed>().await,
        };
        client.expect("it is served")
    }
}
