use super::super::PATIENCE;

/// Waits for what is to happen, but not for ever.
#[track_caller]
pub(super) fn soon<T>(what: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        let done = tokio::time::timeout(PATIENCE, what).await;
        done.unwrap_or_else(|_| panic!("{place}: it hangs"))
    }
}
