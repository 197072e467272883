#[cfg(feature = "grpc")]
use crate::over_grpc::GrpcCounter;
#[cfg(feature = "tarpc")]
use crate::over_tarpc::TarpcCounter;
use crate::{Adder, CounterError};

/// A counter in a plugin, whatever carries the calls.
#[derive(Clone, Debug)]
pub enum Counter {
    /// Over gRPC.
    #[cfg(feature = "grpc")]
    Grpc(GrpcCounter),
    /// Over tarpc.
    #[cfg(feature = "tarpc")]
    Tarpc(TarpcCounter),
}

impl Counter {
    /// Adds `value` to the counter named `key`; the plugin asks `adder` for the sum.
    ///
    /// # Errors
    /// [`CounterError`], when the adder could not be reached or the plugin did not answer.
    pub async fn add(&self, key: &str, value: i64, adder: impl Adder) -> Result<(), CounterError> {
        match self {
            #[cfg(feature = "grpc")]
            Self::Grpc(counter) => counter.add(key, value, adder).await,
            #[cfg(feature = "tarpc")]
            Self::Tarpc(counter) => counter.add(key, value, adder).await,
        }
    }

    /// The value of the counter named `key`.
    ///
    /// # Errors
    /// [`CounterError::NotFound`] for a counter nobody added to.
    pub async fn get(&self, key: &str) -> Result<i64, CounterError> {
        match self {
            #[cfg(feature = "grpc")]
            Self::Grpc(counter) => counter.get(key).await,
            #[cfg(feature = "tarpc")]
            Self::Tarpc(counter) => counter.get(key).await,
        }
    }
}
