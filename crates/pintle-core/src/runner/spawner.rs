//! The one thread from which this process starts plugins.
//!
//! Linux tells a child of the end of the *thread* that started it. A thread of a runtime's pool ends
//! when it is idle, and a plugin would go with it; this one never ends.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

static JOBS: Mutex<Option<Sender<Job>>> = Mutex::new(None);

/// Runs `job` on the thread, after those that were given before.
///
/// When the future is dropped the job still runs, and what it made is dropped there.
pub(super) async fn run<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (answer, answered) = oneshot::channel();
    let job = move || {
        // Nobody may be waiting any more.
        let _ = answer.send(job());
    };
    jobs()?
        .send(Box::new(job))
        .map_err(|_| io::Error::other("the thread that starts plugins has ended"))?;
    answered
        .await
        .map_err(|_| io::Error::other("starting the plugin panicked"))
}

fn jobs() -> io::Result<Sender<Job>> {
    let mut jobs = JOBS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(jobs) = &*jobs {
        return Ok(jobs.clone());
    }
    let (sender, receiver) = mpsc::channel::<Job>();
    thread::Builder::new()
        .name("pintle-spawner".to_owned())
        .spawn(move || {
            for job in receiver {
                // A panic must not end the thread, and with it every plugin.
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        })?;
    Ok(jobs.insert(sender).clone())
}

#[cfg(test)]
mod tests {
    use std::thread;

    #[tokio::test]
    async fn every_job_runs_on_the_same_thread_though_one_panics() {
        let first = super::run(|| thread::current().id()).await.unwrap();
        let panicked = super::run(|| panic!("asked to panic")).await;
        assert!(panicked.is_err());
        let second = super::run(|| thread::current().id()).await.unwrap();
        assert_eq!(first, second);
    }
}
