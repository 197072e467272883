//! The thread from which this process starts plugins.
//!
//! Linux tells a child of the end of the *thread* that started it. A thread of a runtime's pool ends
//! when it is idle, and a plugin would go with it; this one never ends.
//!
//! To execute a program can take for ever, when its disk is one of a network that is gone. A thread
//! that hangs in it is left to itself, for the children it has started before, and another one goes
//! on with the rest.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a job waits for the one before it, until that counts as hanging.
const STUCK: Duration = Duration::from_secs(1);

/// How many threads there are at most, however many hang.
const MAX_THREADS: usize = 16;

type Job = Box<dyn FnOnce() + Send>;

static SPAWNER: Mutex<Option<Spawner>> = Mutex::new(None);

/// Runs `job` on the thread, after those that were given before.
///
/// When the future is dropped, a job that has begun goes on, and what it made is dropped there.
pub(super) async fn run<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let spawner = lock(&SPAWNER).get_or_insert_with(Spawner::new).clone();
    spawner.run(job).await
}

/// Jobs, and the threads that do them: one, and another for each that hangs.
#[derive(Clone)]
struct Spawner {
    jobs: Sender<Job>,
    /// Whoever has it waits for a job.
    next: Arc<Mutex<Receiver<Job>>>,
    threads: Arc<Mutex<usize>>,
}

impl Spawner {
    fn new() -> Self {
        let (jobs, next) = mpsc::channel();
        Self {
            jobs,
            next: Arc::new(Mutex::new(next)),
            threads: Arc::default(),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (begin, mut begun) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let job = move || {
            // Nobody may be waiting any more.
            if begin.send(()).is_ok() {
                let _ = answer.send(job());
            }
        };
        self.have_threads(1)?;
        self.jobs
            .send(Box::new(job))
            .map_err(|_| io::Error::other("nothing starts plugins any more"))?;
        loop {
            // Looked at before, so that those who wait together ask for one thread.
            let threads = *lock(&self.threads);
            if timeout(STUCK, &mut begun).await.is_ok() {
                break;
            }
            tracing::warn!(
                threads,
                "a start hangs; another thread starts what waits for it"
            );
            self.have_threads(threads + 1)?;
        }
        answered
            .await
            .map_err(|_| io::Error::other("starting the plugin panicked"))
    }

    /// Sees to it that there are as many threads, within the limit.
    fn have_threads(&self, wanted: usize) -> io::Result<()> {
        let mut threads = lock(&self.threads);
        if *threads >= wanted.min(MAX_THREADS) {
            return Ok(());
        }
        let next = Arc::clone(&self.next);
        thread::Builder::new()
            .name("pintle-spawner".to_owned())
            .spawn(move || {
                while let Ok(job) = next_job(&next) {
                    // A panic must not end the thread, and with it every plugin.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            })?;
        *threads += 1;
        Ok(())
    }
}

/// The lock is given back before the job begins.
fn next_job(next: &Mutex<Receiver<Job>>) -> Result<Job, mpsc::RecvError> {
    lock(next).recv()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_job_runs_on_the_same_thread_though_one_panics() {
        let spawner = Spawner::new();
        let first = spawner.run(|| thread::current().id()).await.unwrap();
        let panicked = spawner.run(|| panic!("asked to panic")).await;
        assert!(panicked.is_err());
        let second = spawner.run(|| thread::current().id()).await.unwrap();
        assert_eq!(first, second);
    }

    #[tokio::test]
    async fn a_job_that_hangs_keeps_no_other_from_being_done() {
        let spawner = Spawner::new();
        let (release, released) = mpsc::channel::<()>();
        let hanging = spawner.run(move || released.recv());
        tokio::pin!(hanging);
        let others = async {
            for _ in 0..3 {
                spawner.run(|| ()).await.unwrap();
            }
        };
        tokio::select! {
            biased;
            _ = &mut hanging => panic!("it hangs"),
            others = timeout(STUCK * 10, others) => others.expect("it keeps others waiting"),
        }
        // A second for the one that hangs, and none for those behind.
        assert_eq!(*lock(&spawner.threads), 2);
        release.send(()).unwrap();
        assert!(hanging.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_job_that_nobody_waits_for_any_more_is_not_begun() {
        let spawner = Spawner::new();
        let (release, released) = mpsc::channel::<()>();
        let (done, was_done) = mpsc::channel();
        let mut hanging = Box::pin(spawner.run(move || released.recv()));
        let mut given_up = Box::pin(spawner.run(move || done.send(())));
        tokio::select! {
            biased;
            _ = &mut hanging => panic!("it hangs"),
            _ = &mut given_up => panic!("it waits for the one before"),
            () = std::future::ready(()) => {}
        }
        drop(given_up);
        release.send(()).unwrap();
        hanging.await.unwrap().unwrap();
        spawner.run(|| ()).await.unwrap();
        assert!(was_done.recv().is_err());
    }
}
