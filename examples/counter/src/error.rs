use std::error::Error;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a counter could not be read or added to.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
pub enum CounterError {
    /// Nobody added to the counter of that name.
    #[error("no such key: {0}")]
    NotFound(String),
    /// The plugin could not ask its host for the sum.
    #[error("the adder did not answer: {0}")]
    Adder(String),
    /// The plugin could not be asked, or did not answer.
    #[error("the plugin did not answer")]
    #[serde(skip)]
    Call(#[source] Arc<dyn Error + Send + Sync>),
}

impl CounterError {
    pub(crate) fn call(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Call(Arc::new(error))
    }

    pub(crate) fn adder(error: impl Error) -> Self {
        Self::Adder(error.to_string())
    }
}
