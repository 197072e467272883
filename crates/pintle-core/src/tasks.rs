use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The owner of the tasks behind one session.
///
/// Every task a session needs is spawned here, so that it is counted, ends when
/// the session ends, and can be waited for. A clone is another handle to the
/// same owner.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// An owner with no task yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `task` until it is done or [`stop`](Self::stop) is called, whichever is first.
    ///
    /// Stopping drops the future at its current await point. A task spawned
    /// after `stop` is dropped without having run.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    /// Tells every task to end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// The token that [`stop`](Self::stop) cancels, for work that must end in its own way.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// The counter behind this owner, for libraries that spawn on their own.
    pub fn tracker(&self) -> &TaskTracker {
        &self.tracker
    }

    /// How many tasks are running.
    pub fn count(&self) -> usize {
        self.tracker.len()
    }

    /// Waits up to `grace` for the tasks to end by themselves, then [finishes](Self::finish) them.
    pub(crate) async fn finish_within(&self, grace: Duration) {
        self.done_within(grace).await;
        self.finish().await;
    }

    /// Waits up to `grace` for the tasks to end by themselves; whether they have. Cancel-safe.
    pub(crate) async fn done_within(&self, grace: Duration) -> bool {
        self.tracker.close();
        let done = tokio::time::timeout(grace, self.tracker.wait());
        done.await.is_ok()
    }

    /// Tells every task to end and waits until none is left. Cancel-safe.
    pub async fn finish(&self) {
        self.stop();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn finish_ends_every_task_and_leaves_none() {
        let tasks = Tasks::new();
        for _ in 0..8 {
            tasks.spawn(std::future::pending());
        }
        assert_eq!(tasks.count(), 8);
        tasks.finish().await;
        assert_eq!(tasks.count(), 0);
    }

    #[tokio::test]
    async fn a_task_spawned_after_the_end_never_runs() {
        let tasks = Tasks::new();
        tasks.finish().await;
        tasks.spawn(async { panic!("ran after the end") });
        tasks.finish().await;
    }
}
