//! Interfaces end to end, in one process, over every transport.

#![cfg(all(feature = "macros", feature = "grpc"))]
#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

/// Runs each promise over every transport.
macro_rules! over_every_transport {
    ($($promise:ident)*) => {
        mod over_grpc {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(pintle::Grpc).await;
            }
        )*}

        #[cfg(feature = "tarpc")]
        mod over_tarpc {$(
            #[tokio::test]
            async fn $promise() {
                super::$promise(pintle::Tarpc).await;
            }
        )*}
    };
}

mod calls;
mod evolution;
mod hygiene;
mod store;
mod wire;
