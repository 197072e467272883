#[cfg(feature = "grpc")]
use pintle::grpc::Channel;

use crate::KvError;
#[cfg(feature = "grpc")]
use crate::over_grpc::{self, KvClient};
#[cfg(feature = "tarpc")]
use crate::over_tarpc::{self, StoreClient};

/// A store in a plugin, whatever carries the calls.
#[derive(Clone, Debug)]
pub enum Kv {
    /// Over gRPC.
    #[cfg(feature = "grpc")]
    Grpc(KvClient<Channel>),
    /// Over tarpc.
    #[cfg(feature = "tarpc")]
    Tarpc(StoreClient),
}

impl Kv {
    /// The value that was put under `key`.
    ///
    /// # Errors
    /// [`KvError::NotFound`] for a key that was never put, or what the store says.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, KvError> {
        match self {
            #[cfg(feature = "grpc")]
            Self::Grpc(client) => over_grpc::get(client.clone(), key).await,
            #[cfg(feature = "tarpc")]
            Self::Tarpc(client) => over_tarpc::get(client, key).await,
        }
    }

    /// Replaces whatever `key` held.
    ///
    /// # Errors
    /// What the store says.
    pub async fn put(&self, key: &str, value: Vec<u8>) -> Result<(), KvError> {
        match self {
            #[cfg(feature = "grpc")]
            Self::Grpc(client) => over_grpc::put(client.clone(), key, value).await,
            #[cfg(feature = "tarpc")]
            Self::Tarpc(client) => over_tarpc::put(client, key, value).await,
        }
    }
}
