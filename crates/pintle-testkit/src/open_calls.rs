use std::sync::Arc;

use tokio::sync::watch;

/// How many calls are open that never end by themselves.
#[derive(Clone, Default)]
pub(crate) struct OpenCalls {
    count: Arc<watch::Sender<u64>>,
}

impl OpenCalls {
    /// Counts a call until what this returns is dropped.
    pub(crate) fn enter(&self) -> OpenCall {
        self.count.send_modify(|open| *open += 1);
        OpenCall {
            count: Arc::clone(&self.count),
        }
    }

    /// Waits until exactly this many are open.
    pub(crate) async fn reach(&self, wanted: u64) {
        let mut count = self.count.subscribe();
        let reached = count.wait_for(|open| *open == wanted).await;
        reached.expect("the sender is borrowed for as long");
    }
}

pub(crate) struct OpenCall {
    count: Arc<watch::Sender<u64>>,
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.count.send_modify(|open| *open -= 1);
    }
}
