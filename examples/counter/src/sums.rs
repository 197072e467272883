use std::collections::HashMap;

use tokio::sync::Mutex;

use crate::CounterError;

/// The plugin's side: counters in memory, summed by the host.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    /// Held over the call back, so that two additions to one counter do not lose each other.
    counters: Mutex<HashMap<String, i64>>,
}

impl Sums {
    pub(crate) async fn get(&self, key: String) -> Result<i64, CounterError> {
        let value = self.counters.lock().await.get(&key).copied();
        value.ok_or(CounterError::NotFound(key))
    }

    /// Makes the counter what `sum` makes of what it was.
    pub(crate) async fn put<F>(
        &self,
        key: String,
        sum: impl FnOnce(i64) -> F,
    ) -> Result<(), CounterError>
    where
        F: Future<Output = Result<i64, CounterError>>,
    {
        let mut counters = self.counters.lock().await;
        let counter = counters.entry(key).or_default();
        *counter = sum(*counter).await?;
        Ok(())
    }
}
