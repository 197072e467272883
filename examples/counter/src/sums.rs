use std::collections::HashMap;

use pintle::Callback;
use tokio::sync::Mutex;

use crate::{AddHelper, Counter, CounterError};

/// Sums in memory, added up by the host.
#[derive(Debug, Default)]
pub struct Sums {
    /// Held over the call back, so that two additions to one counter do not lose each other.
    counters: Mutex<HashMap<String, i64>>,
}

#[pintle::plugin]
impl Counter for Sums {
    async fn get(&self, key: String) -> Result<i64, CounterError> {
        let value = self.counters.lock().await.get(&key).copied();
        value.ok_or(CounterError::NotFound(key))
    }

    async fn put(
        &self,
        adder: Callback<dyn AddHelper>,
        key: String,
        value: i64,
    ) -> Result<(), CounterError> {
        let mut counters = self.counters.lock().await;
        let counter = counters.entry(key).or_default();
        *counter = adder.sum(*counter, value).await?;
        Ok(())
    }
}
