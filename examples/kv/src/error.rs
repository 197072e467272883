use std::error::Error;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a value could not be put or got.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
pub enum KvError {
    /// The key was never put.
    #[error("{0}")]
    NotFound(String),
    /// The request cannot be answered by any store.
    #[error("{0}")]
    Invalid(String),
    /// The store failed.
    #[error("{0}")]
    Failed(String),
    /// The plugin could not be asked, or did not answer.
    #[error("the plugin did not answer")]
    #[serde(skip)]
    Call(#[source] Arc<dyn Error + Send + Sync>),
}

impl KvError {
    pub(crate) fn call(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Call(Arc::new(error))
    }
}
